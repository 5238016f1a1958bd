"""What importing the client costs."""

import subprocess
import sys


def test_httpx_is_loaded_by_the_first_request_only() -> None:
    code = (
        "import sys, providers.http; sys.exit('httpx' in sys.modules or 'httpcore' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
