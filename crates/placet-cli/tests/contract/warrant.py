"""Checks a warrant as an executor would that knows nothing of Placet but its address.

An agent proposes a read, which is allowed at once, and gets a warrant. PyJWT verifies it by the
keys that the daemon publishes; and refuses it when anything of it was changed.
"""

import base64
import json
import os
import sys
import urllib.request

import jwt

url = sys.argv[1]
keys = jwt.PyJWKClient(f"{url}/.well-known/jwks.json")


def propose(action):
    request = urllib.request.Request(
        f"{url}/v1/actions",
        data=json.dumps(action).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['PLACET_AGENT']}",
            "Content-Type": "application/json",
            "Idempotency-Key": "a-warrant",
        },
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def verify(token, audience="placet:acme", leeway=0, **more):
    key = keys.get_signing_key_from_jwt(token)
    options = {"require": ["exp", "iat", "iss", "aud", "jti"], "verify_iat": leeway >= 0}
    given = {"audience": audience, "leeway": leeway, "options": options, **more}
    return jwt.decode(token, key, algorithms=["EdDSA"], **given)


def refused(token, why, **more):
    try:
        verify(token, **more)
    except why:
        return
    raise AssertionError(f"{token} was accepted")


def part(of):
    return base64.urlsafe_b64encode(json.dumps(of).encode()).rstrip(b"=").decode()


decision = propose({"tool": "get_order", "params": {"id": "o-1"}, "agent": "bot"})
assert decision["verdict"] == "allow", decision
token = decision["warrant"]
header, body, signature = token.split(".")

claims = verify(token)
assert claims["action"] == decision["id"], claims
assert claims["digest"] == decision["digest"], claims
assert claims["log_index"] == decision["log_index"], claims
assert (claims["sub"], claims["tool"]) == ("bot", "get_order"), claims
assert 0 < claims["exp"] - claims["iat"] <= 300, claims
assert jwt.get_unverified_header(token)["typ"] == "warrant+jwt"
assert verify(token, issuer=claims["iss"]) == claims

refused(token, jwt.InvalidAudienceError, audience="placet:umbrella")
refused(token, jwt.InvalidIssuerError, issuer="somebody else")
# Long after its time: the library has no clock to set, so it gets a negative leeway.
refused(token, jwt.ExpiredSignatureError, leeway=-3600)
for name, value in [("tool", "issue_refund"), ("exp", claims["exp"] + 1), ("aud", "placet:acme")]:
    changed = part({**claims, name: value, "more": True})
    refused(f"{header}.{changed}.{signature}", jwt.InvalidSignatureError)
known = jwt.get_unverified_header(token)
for alg in ["none", "HS256"]:
    other = part({**known, "alg": alg})
    refused(f"{other}.{body}.{signature}", jwt.InvalidAlgorithmError)
print("the warrant is one")
