"""Checks warrants as an executor would that knows nothing of Placet but its address.

An agent proposes a read, which is allowed at once, and gets a warrant; and a refund, which a person
approves. PyJWT verifies both by the keys that the daemon publishes, also after other keys have taken
over; and refuses them when anything of them was changed.
"""

import base64
import json
import os
import sys
import urllib.request

import jwt

url = sys.argv[1]
STATEMENT = "I have read the order and the ticket, and all of it is to be paid back."


def call(who, method, path, body=None):
    request = urllib.request.Request(
        f"{url}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ[who]}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def propose(tool, **params):
    action = {"tool": tool, "params": params, "agent": "bot"}
    return call("PLACET_AGENT", "POST", "/v1/actions", action)


def published():
    """The keys of now, of which none is remembered from before."""
    return jwt.PyJWKClient(f"{url}/.well-known/jwks.json")


def verify(token, audience="placet:acme", leeway=0, **more):
    key = published().get_signing_key_from_jwt(token)
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


def check(token, decision, tool, approval):
    """Everything that a warrant says, and that nothing of it can be changed."""
    header, body, signature = token.split(".")
    claims = verify(token)
    assert claims["action"] == decision["id"], claims
    assert claims["digest"] == decision["digest"], claims
    assert claims.get("approval") == approval, claims
    assert (claims["sub"], claims["tool"]) == ("bot", tool), claims
    assert 0 < claims["exp"] - claims["iat"] <= 300, claims
    known = jwt.get_unverified_header(token)
    assert known["typ"] == "warrant+jwt", known
    assert verify(token, issuer=claims["iss"]) == claims

    refused(token, jwt.InvalidAudienceError, audience="placet:umbrella")
    refused(token, jwt.InvalidIssuerError, issuer="somebody else")
    # Long after its time: the library has no clock to set, so it gets a negative leeway.
    refused(token, jwt.ExpiredSignatureError, leeway=-3600)
    others = {"tool": "delete_all", "exp": claims["exp"] + 1, "approval": None, "aud": "placet:acme"}
    for name, value in others.items():
        changed = part({**claims, name: value, "more": True})
        refused(f"{header}.{changed}.{signature}", jwt.InvalidSignatureError)
    for alg in ["none", "HS256"]:
        other = part({**known, "alg": alg})
        refused(f"{other}.{body}.{signature}", jwt.InvalidAlgorithmError)
    return claims, known["kid"]


read = propose("get_order", id="o-1")
assert read["verdict"] == "allow", read
claims, first = check(read["warrant"], read, "get_order", None)
assert claims["log_index"] == read["log_index"], claims

refund = propose("issue_refund", order="o-1", amount="42.00")
assert refund["verdict"] == "require_approval" and "warrant" not in refund, refund
approval = refund["approval"]["id"]
answer = {"approved": True, "verbatim_response": STATEMENT, "responsible_owner": "Ann"}
resolved = call("PLACET_APPROVER", "POST", f"/v1/approvals/{approval}/resolve", answer)
assert resolved == {"outcome": "resolved", "status": "approved"}, resolved
approved = call("PLACET_AGENT", "GET", f"/v1/actions/{refund['id']}")["warrant"]
claims, kid = check(approved, refund, "issue_refund", approval)
assert kid == first and claims["log_index"] > refund["log_index"], claims

# Those from before are as good after two other keys have taken over, and those from after as well.
kids = [call("PLACET_OPERATOR", "POST", "/v1/warrants/rotate")["kid"] for _ in range(2)]
assert [key.key_id for key in published().get_signing_keys()] == [kids[1], kids[0], first]
check(read["warrant"], read, "get_order", None)
check(approved, refund, "issue_refund", approval)
later = propose("get_order", id="o-2")
assert check(later["warrant"], later, "get_order", None)[1] == kids[1]
assert kids[1] not in (kids[0], first)
print("the warrants are some")
