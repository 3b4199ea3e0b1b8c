import ssl
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme


class PrivateAuthority(NamedTuple):
    ca_file: Path
    authority: trustme.CA

    def server(self, *names: str) -> ssl.SSLContext:
        """The TLS side of a server with a certificate for `names`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names).configure_cert(context)
        return context


@pytest.fixture(scope="session")
def private_authority(tmp_path_factory: pytest.TempPathFactory) -> PrivateAuthority:
    authority = trustme.CA()
    ca_file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return PrivateAuthority(ca_file, authority)
