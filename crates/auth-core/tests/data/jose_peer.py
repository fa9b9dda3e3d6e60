"""Signs or verifies one token with PyJWT: a job in JSON on standard input, the answer on standard output."""

import json
import sys

import jwt
from jwt.algorithms import RSAAlgorithm

job = json.load(sys.stdin)
if job["do"] == "verify":
    header = jwt.get_unverified_header(job["token"])
    keys = jwt.PyJWKSet.from_dict(job["jwks"])
    claims = jwt.decode(
        job["token"],
        keys[header["kid"]].key,
        algorithms=[job["alg"]],
        issuer=job["iss"],
        audience=job["aud"],
        # The tests take place at a fixed time.
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )
    json.dump({"header": header, "claims": claims}, sys.stdout)
else:
    private = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(job["pem"])
    token = jwt.encode(job["claims"], private, algorithm=job["alg"], headers={"kid": job["kid"]})
    public = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    public.update(kid=job["kid"], use="sig", alg=job["alg"])
    json.dump({"token": token, "jwks": {"keys": [public]}}, sys.stdout)
