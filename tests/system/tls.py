# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests: an authority of the test's own, and what it signs."""

import subprocess

DAYS = "2"
ENDED = ("-startdate", "20200101000000Z", "-enddate", "20200201000000Z")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """`certificate` is what others are to trust."""

    def __init__(self, directory, name="authority"):
        self.directory, self.name, self.count = directory / name, name, 0
        self.directory.mkdir()
        self.certificate, self.key = self.directory / "ca.crt", self.directory / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", DAYS,
                "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-keyout", self.key, "-out", self.certificate)
        (self.directory / "serial").write_text("01\n")
        (self.directory / "index").write_text("")
        (self.directory / "conf").write_text(f"""
            [ca]
            default_ca = own
            [own]
            database = {self.directory}/index
            serial = {self.directory}/serial
            new_certs_dir = {self.directory}
            certificate = {self.certificate}
            private_key = {self.key}
            default_md = sha256
            default_days = {DAYS}
            policy = any
            unique_subject = no
            copy_extensions = copy
            [any]
            commonName = supplied
            """)

    def sign(self, *names, ended=False):
        """(certificate, key) for these host names and addresses."""
        self.count += 1
        request, certificate, key = (self.directory / f"{self.count}.{end}" for end in ("csr", "crt", "key"))
        alternatives = ",".join(f"IP:{name}" if name[0].isdigit() else f"DNS:{name}" for name in names)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={names[0]}",
                "-addext", f"subjectAltName={alternatives}", "-keyout", key, "-out", request)
        dates = ENDED if ended else ()
        openssl("ca", "-batch", "-notext", "-config", self.directory / "conf", *dates, "-in", request,
                "-out", certificate)
        return certificate, key
