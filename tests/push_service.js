// The push service of the package web-push-testing as browsers make subscriptions for it:
// at https://push.example.org. For tests it is on a free port of 127.0.0.1, where it also
// is the proxy that leads to that address.
//
//     node push_service.js CERTIFICATE_AND_KEY.pem
//
// prints the port; it ends with its input.

const fs = require("fs"), http = require("http"), https = require("https"), net = require("net");
const Service = require("web-push-testing/src/server.js");
const { PushApiModel } = require("web-push-testing/src/PushApiModel.js");

const pem = fs.readFileSync(process.argv[2]);
const model = new PushApiModel();
const service = new Service(model, 0);
model.notifyUrl = "https://push.example.org/notify/";
let headers = {};       // of the last message
service._app.use("/notify", (request, response, next) => { headers = request.headers; next(); });
service._app.post("/answer/:status", (request, response) => {
  response.status(request.params.status).set("Retry-After", "7").send("a reason");
});
service._app.get("/headers", (request, response) => response.send(headers));
service.setRequestHandlers();
const encrypted = https.createServer({ key: pem, cert: pem }, service._app);
const plain = http.createServer(service._app);

plain.on("connect", (request, client) => {
  if (request.url !== "push.example.org:443") return client.destroy();
  const server = net.connect(encrypted.address().port, "127.0.0.1", () => {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    server.pipe(client).pipe(server);
  });
  for (const [one, other] of [[client, server], [server, client]]) {
    one.on("error", () => other.destroy());
  }
});
encrypted.listen(0, "127.0.0.1", () => plain.listen(0, "127.0.0.1", () => {
  console.log(plain.address().port);
}));
process.stdin.resume().on("end", () => process.exit());
