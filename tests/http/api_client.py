"""A whole visit over ttygate's API, with nothing but Python's standard library.

    TTYGATE_TOKEN=ttygate_... python3 api_client.py https://shell.example.org 'uname -a'

Instead of a token TTYGATE_USER and TTYGATE_PASSWORD may be given: a token is made by them, used,
and revoked. Prints what the terminal prints, and how the session ended.
"""

import codecs
import http.client
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode

# The gateway waits for output at most so long, and the client a little longer for the answer.
WAIT_S, TIMEOUT_S = 25, 40
ATTEMPTS = 4


class Problem(Exception):
    """A refusal (RFC 9457): `type` is for programs, the sentence for people."""

    def __init__(self, problem, headers):
        super().__init__(problem["detail"])
        self.type = problem["type"]
        self.more = problem
        self.headers = headers


class Api:
    def __init__(self, url, authorization):
        self.url = url.rstrip("/") + "/api/v1"
        self.authorization = authorization

    def ask(self, method, path, body=None, data=None, attempts=1):
        """Asks for something below /api/v1: the body's bytes, and the headers."""
        headers = {"Authorization": self.authorization}
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        elif data is not None:
            headers["Content-Type"] = "application/octet-stream"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        for attempt in range(1, attempts + 1):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                    return answer.read(), answer.headers
            except urllib.error.HTTPError as error:
                with error:
                    raise Problem(json.load(error), error.headers) from None
            except (OSError, http.client.HTTPException):  # the connection broke, and nobody knows whether the request arrived
                if attempt == attempts:
                    raise
                time.sleep(attempt)

    def get(self, path):
        return json.loads(self.ask("GET", path)[0])

    def post(self, path, body):
        return json.loads(self.ask("POST", path, body)[0])


class Shell:
    """A terminal over plain requests. Each byte has a number, so all but its opening may be repeated."""

    def __init__(self, api, cols, rows):
        self.api = api
        opened = api.post("/sessions", {"cols": cols, "rows": rows})
        self.id = opened["id"]
        self.path = "/sessions/" + self.id
        self.offset, self.at = opened["offset"], opened["input"]
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def type(self, text):
        data = text.encode()
        path = f"{self.path}/input?at={self.at}"
        _, headers = self.api.ask("POST", path, data=data, attempts=ATTEMPTS)
        self.at = int(headers["Ttygate-Input"])

    def resize(self, cols, rows):
        size = {"cols": cols, "rows": rows}
        self.api.ask("PUT", self.path + "/size", size, attempts=ATTEMPTS)

    def read(self):
        """Waits for output; "" where none came. Raises the problem "ended" once all is read."""
        path = f"{self.path}/output?offset={self.offset}&wait={WAIT_S}"
        data, headers = self.api.ask("GET", path, attempts=ATTEMPTS)
        self.offset = int(headers["Ttygate-Offset"])
        return self.decoder.decode(data)

    def end(self):
        self.api.ask("DELETE", self.path)


def read_on(shell, until=None):
    """Prints output until something is in it, or the session has ended: then how."""
    seen = ""
    try:
        while until is None or until not in seen:
            text = shell.read()
            seen += text
            print(text, end="", flush=True)
    except Problem as problem:
        if problem.type != "urn:ttygate:ended":
            raise
        return problem
    return None


def visit(api, command):
    shell = Shell(api, cols=80, rows=24)
    shell.resize(cols=120, rows=40)
    # What is typed is echoed, so the mark must not stand in it as it is printed.
    mark = secrets.token_hex(8)
    shell.type(f"{command}; printf '%s%s\\n' {mark[:8]} {mark[8:]}\r")
    ended = read_on(shell, until=mark)
    if ended is None:
        own = [session for session in api.get("/sessions")["sessions"] if session["own"]]
        print(f"\nsession {shell.id} is there: {shell.id in [one['id'] for one in own]}")
        shell.end()
        ended = read_on(shell)
    print(f"\nended: {ended.more['reason']}, exit code {ended.more['exitCode']}: {ended}")


def main(url, command):
    token = os.environ.get("TTYGATE_TOKEN")
    if token:
        return visit(Api(url, f"Bearer {token}"), command)
    pair = f"{os.environ['TTYGATE_USER']}:{os.environ['TTYGATE_PASSWORD']}"
    person = Api(url, "Basic " + b64encode(pair.encode()).decode())
    order = {"name": f"visit {secrets.token_hex(4)}", "scopes": ["read", "shell"], "days": 1}
    made = person.post("/tokens", order)
    try:
        visit(Api(url, f"Bearer {made['token']}"), command)
    finally:
        person.ask("DELETE", f"/tokens/{made['id']}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Problem as problem:
        sys.exit(f"{problem.type}: {problem}")
