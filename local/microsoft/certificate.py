"""The stand-in's own certificate authority and the server certificate for the loopback names."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.files import write_atomically

LOOPBACK_NAMES = ("localhost",)
LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")
AUTHORITY_LIFETIME = dt.timedelta(days=3650)
SERVER_LIFETIME = dt.timedelta(days=90)
RENEW_BEFORE = dt.timedelta(days=14)

PrivateKey = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class CertificateFiles:
    """Where the certificates lie: `ca_file` is what a client trusts, the other two are the server's own."""

    ca_file: Path
    server_file: Path
    server_key_file: Path

    def ssl_context(self) -> ssl.SSLContext:
        """The TLS context to serve with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server_file, self.server_key_file)
        return context


def ensure_certificates(folder: Path, now: dt.datetime | None = None) -> CertificateFiles:
    """Return usable certificates in a folder, making or renewing what is missing, damaged or about to expire.

    Args:
        folder: where the PEM files are kept; a client that trusted `ca.pem` once keeps working after a renewal.
        now: the time to judge expiry by, UTC; the system's when left out.
    """
    now = now or dt.datetime.now(dt.UTC)
    files = CertificateFiles(folder / "ca.pem", folder / "server.pem", folder / "server-key.pem")
    ca_key_file = folder / "ca-key.pem"
    authority = _load_pair(files.ca_file, ca_key_file, now)
    if authority is None:
        authority = _make_authority(now)
        _save_pair(authority, files.ca_file, ca_key_file)
    server = _load_pair(files.server_file, files.server_key_file, now)
    if server is None or not _issued_by(server[0], authority[0]):
        _save_pair(_make_server(authority, now), files.server_file, files.server_key_file)
    return files


def _load_pair(file: Path, key_file: Path, now: dt.datetime) -> tuple[x509.Certificate, PrivateKey] | None:
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError):
        return None
    usable = (
        isinstance(key, PrivateKey)
        and certificate.public_key() == key.public_key()
        and certificate.not_valid_before_utc <= now
        and certificate.not_valid_after_utc - RENEW_BEFORE > now
    )
    return (certificate, key) if usable and isinstance(key, PrivateKey) else None


def _save_pair(pair: tuple[x509.Certificate, PrivateKey], file: Path, key_file: Path) -> None:
    certificate, key = pair
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_atomically(key_file, pem.decode("ascii"))
    write_atomically(file, certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # whatever the reason, the answer is to issue a fresh one
        return False
    return True


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, now: dt.datetime, life: dt.timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _make_authority(now: dt.datetime) -> tuple[x509.Certificate, PrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("leadgen local stack CA")
    # Name constraints (RFC 5280, 4.2.1.10): even if the key leaks, it can vouch for the loopback interface alone.
    permitted: list[x509.GeneralName] = [x509.DNSName(host) for host in LOOPBACK_NAMES]
    permitted += [x509.IPAddress(ipaddress.ip_network(address)) for address in LOOPBACK_ADDRESSES]
    certificate = (
        _builder(name, name, key, now, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _make_server(
    authority: tuple[x509.Certificate, PrivateKey], now: dt.datetime
) -> tuple[x509.Certificate, PrivateKey]:
    ca, ca_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in LOOPBACK_NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in LOOPBACK_ADDRESSES]
    certificate = (
        _builder(_name("localhost"), ca.subject, key, now, SERVER_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return certificate, key
