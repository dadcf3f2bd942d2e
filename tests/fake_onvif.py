"""A fake ONVIF camera: WS-Discovery, and the services that name its streams."""

import base64
import calendar
import contextlib
import hashlib
import http.server
import re
import socket
import threading
import time

from pyimagesearch.capture.onvif_discovery import GROUP_PLACE

SOAP = "http://www.w3.org/2003/05/soap-envelope"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
PROFILES = {"P1": (2560, 1440, "H264", "/Streaming/Channels/101?transportmode=unicast&profile=Profile_1"),
            "P2": (640, 360, "H264", "/Streaming/Channels/102")}
REALM = 'realm="camera", nonce="1f", qop="auth"'


def soap(body):
    return (f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}" xmlns:t="urn:any"><s:Header/>'
            f"<s:Body>{body}</s:Body></s:Envelope>").encode()


def fault(code, text):
    return soap(f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode>"
                f'</s:Code><s:Reason><s:Text xml:lang="en">{text}</s:Text></s:Reason></s:Fault>')


def match(xaddrs, scopes="onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/hardware/FC-1",
          types="dn:NetworkVideoTransmitter"):
    """Return the datagram by which a camera answers a probe."""
    return soap(f"<t:ProbeMatches><t:ProbeMatch><t:Types>{types}</t:Types><t:Scopes>{scopes}</t:Scopes>"
                f"<t:XAddrs>{xaddrs}</t:XAddrs></t:ProbeMatch></t:ProbeMatches>")


class FakeOnvif:
    """
    A camera on the loopback, with *user* and *password* unless they are empty.

    *ahead* is how far its clock is [s]. It logs in by WS-UsernameToken, by HTTP with
    *digest*; it knows the media service *media*, and names its services and streams at *host*.
    """

    def __init__(self, user="admin", password="s3cret", *, ahead=0.0, digest=False, media=MEDIA,
                 host="127.0.0.1", answer=None):
        self.user, self.password, self.ahead, self.digest = user, password, ahead, digest
        self.media, self.host, self.answer = media, host, answer
        self.refused = 0
        self.requests = []
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, reply = camera.reply(self, body)
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", f"Digest {REALM}")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/onvif/device_service"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def reply(self, request, body):
        if self.answer is not None:
            return 200, self.answer
        (name,) = re.findall(r"<s:Body><(\w+)", body)
        self.requests.append(name)
        if name == "GetSystemDateAndTime":
            return 200, soap(self.date())
        if self.user and not (self.logged_in_by_http(request) if self.digest else self.logged_in(body)):
            self.refused += 1
            return (401, b"") if self.digest else (
                400, fault("ter:NotAuthorized", "Sender not Authorized"))
        return 200, soap(getattr(self, name)(body))

    def date(self):
        year, month, day, hour, minute, second, *_ = time.gmtime(time.time() + self.ahead)
        return ("<t:GetSystemDateAndTimeResponse><t:UTCDateTime>"
                f"<t:Time><t:Hour>{hour}</t:Hour><t:Minute>{minute}</t:Minute><t:Second>{second}</t:Second></t:Time>"
                f"<t:Date><t:Year>{year}</t:Year><t:Month>{month}</t:Month><t:Day>{day}</t:Day></t:Date>"
                "</t:UTCDateTime></t:GetSystemDateAndTimeResponse>")

    def logged_in(self, body):
        def text(name):
            return (re.search(rf"<(?:\w+:)?{name}(?:\s[^>]*)?>([^<]*)<", body) or ["", ""])[1]
        created = text("Created") or "1970-01-01T00:00:00Z"
        at = calendar.timegm(time.strptime(created, "%Y-%m-%dT%H:%M:%SZ"))
        right = base64.b64encode(hashlib.sha1(
            base64.b64decode(text("Nonce")) + created.encode() + self.password.encode()).digest()).decode()
        return ((text("Username"), text("Password")) == (self.user, right)
                and abs(time.time() + self.ahead - at) < 30)

    def logged_in_by_http(self, request):
        sent = dict(re.findall(r'(\w+)="?([^",]*)', request.headers.get("Authorization", "")))

        def hashed(text):
            return hashlib.md5(text.encode()).hexdigest()
        right = hashed(":".join([
            hashed(f"{self.user}:camera:{self.password}"), "1f", sent.get("nc", ""), sent.get("cnonce", ""),
            "auth", hashed(f"POST:{request.path}")]))
        return sent.get("response") == right

    def GetCapabilities(self, body):
        media = f"<t:Media><t:XAddr>http://{self.host}:{self.port}/onvif/media</t:XAddr></t:Media>"
        return f"<t:Capabilities>{media if self.media == MEDIA else ''}</t:Capabilities>"

    def GetServices(self, body):
        return "".join(
            f"<t:Service><t:Namespace>{name}</t:Namespace><t:XAddr>http://{self.host}:{self.port}/{number}"
            "</t:XAddr></t:Service>" for number, name in enumerate(["urn:other", self.media]))

    def GetProfiles(self, body):
        assert f'xmlns="{self.media}"' in body
        encoder = "VideoEncoderConfiguration" if self.media == MEDIA else "VideoEncoder"
        return "".join(
            f'<t:Profiles token="{token}"><t:AudioEncoderConfiguration><t:Encoding>G711</t:Encoding>'
            f"</t:AudioEncoderConfiguration><t:{encoder}><t:Encoding>{encoding}</t:Encoding><t:Resolution>"
            f"<t:Width>{width}</t:Width><t:Height>{height}</t:Height></t:Resolution></t:{encoder}></t:Profiles>"
            for token, (width, height, encoding, _) in reversed(PROFILES.items()))

    def GetStreamUri(self, body):
        token = re.search(r"<ProfileToken>(\w+)<", body)[1]
        path = PROFILES[token][3].replace("&", "&amp;")
        return f"<t:MediaUri><t:Uri>rtsp://{self.host}:554{path}</t:Uri></t:MediaUri>"


class Beacon:
    """Answer the probes to a port of the loopback, and to the group, with *datagrams*."""

    def __init__(self, *datagrams, in_group=True):
        self.datagrams = datagrams
        self.received = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if in_group:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, b"".join(
                map(socket.inet_aton, (GROUP_PLACE[0], "127.0.0.1"))))
        self.socket.bind(("", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                probe, sender = self.socket.recvfrom(65535)
                if sender is None:      # closed
                    return
                self.received.append(probe)
                for datagram in self.datagrams:
                    self.socket.sendto(datagram, sender)

    def close(self):
        with contextlib.suppress(OSError):      # wakes the thread
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
