// Say so where a login would be lost, as in a frame of another site over http.

const scope = location.protocol === "https:" ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax";

document.cookie = `cookie-test=1; ${scope}`;
document.getElementById("no-cookies").hidden = document.cookie.includes("cookie-test=1");
document.cookie = `cookie-test=; Max-Age=0; ${scope}`;
