"""How does a client that signs with a private key ask for a token?"""

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import TypeAdapter, ValidationError

from tap_restgeneric.dialect.auth.schemes import Auth
from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.errors import CredentialError

BASE_URL = "https://api.example.com/v1/"
NOW = 1_700_000_000.0

parse = TypeAdapter(Auth).validate_python


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key, passphrase=None):
    how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how).decode()


def signing(key, **more):
    url = "https://login.example.com/token"
    return {"type": "oauth2_jwt", "client_id": "the-id", "private_key": key, "access_token_url": url, **more}


def claims_of(call, key, audience):
    return jwt.decode(
        call.data["assertion"],
        key.public_key(),
        ["RS256"],
        audience=audience,
        options={"verify_exp": False, "verify_iat": False},
    )


def test_a_jwt_claims_who_asks_for_what_and_when(rsa_key):
    call = parse(signing(pem(rsa_key), scopes=["read"], subject="ann")).token_call(BASE_URL, None, NOW)
    assert claims_of(call, rsa_key, "https://login.example.com/token") == {
        "iss": "the-id",
        "sub": "ann",
        "aud": "https://login.example.com/token",
        "scope": "read",
        "iat": 1_700_000_000,
        "exp": 1_700_000_300,
    }


def test_a_jwt_is_sent_as_the_assertion_of_its_grant(rsa_key):
    call = parse(signing(pem(rsa_key), headers={"X-App": "7"})).token_call(BASE_URL, None, NOW)
    assertion = call.data["assertion"]
    assert call == Call(
        method="POST",
        url="https://login.example.com/token",
        headers={"Accept": "application/json", "X-App": "7"},
        data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion},
    )


def test_a_jwt_may_carry_further_claims_and_header_fields(rsa_key):
    block = signing(pem(rsa_key), audience="aud", claims={"jti": "1"}, jwt_headers={"kid": "k1"})
    call = parse(block).token_call(BASE_URL, None, NOW)
    assert jwt.get_unverified_header(call.data["assertion"]) == {"alg": "RS256", "kid": "k1", "typ": "JWT"}
    assert claims_of(call, rsa_key, "aud")["jti"] == "1"


def test_a_private_key_may_be_encrypted_and_stand_in_one_line(rsa_key):
    block = signing(pem(rsa_key, b"phrase").replace("\n", "\\n"), private_key_passphrase="phrase", audience="aud")
    assert claims_of(parse(block).token_call(BASE_URL, None, NOW), rsa_key, "aud")["iss"] == "the-id"


@pytest.mark.parametrize(
    "change", [{"private_key": "no key"}, {"private_key_passphrase": "wrong"}, {"algorithm": "ES256"}]
)
def test_a_private_key_that_cannot_sign_is_refused_without_showing_it(rsa_key, change):
    block = {**signing(pem(rsa_key, b"phrase"), private_key_passphrase="phrase"), **change}
    with pytest.raises(CredentialError) as caught:
        parse(block).token_call(BASE_URL, None, NOW)
    message = str(caught.value)
    assert message.startswith(f"private_key cannot sign with {block.get('algorithm', 'RS256')} (")
    assert message.endswith("it must be the PEM of a private key, and private_key_passphrase must fit")


def test_a_jwt_needs_to_be_told_the_time(rsa_key):
    with pytest.raises(ValueError, match="signs the time"):
        parse(signing(pem(rsa_key))).token_call(BASE_URL, None)


def test_a_jwt_knows_its_secrets(rsa_key):
    block = signing(pem(rsa_key), private_key_passphrase="phrase")
    assert parse(block).secrets() == [pem(rsa_key), "phrase"]


def test_a_jwt_without_the_extra_says_what_to_install(rsa_key, monkeypatch):
    monkeypatch.setattr("tap_restgeneric.dialect.auth.oauth2.find_spec", lambda _: None)
    with pytest.raises(ValidationError) as caught:
        parse(signing(pem(rsa_key)))
    messages = [line["msg"] for line in caught.value.errors()]
    assert messages == ["Value error, oauth2_jwt needs an extra: pip install 'tap-restgeneric[jwt]'"]
