"""`leadgen demo`, whole: it ends by itself, and every lead is where the demo site says it belongs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_demo_ends_by_itself_and_everything_is_right(tmp_path: Path) -> None:
    environment = os.environ | {"LEADGEN_STACK_DIR": str(tmp_path / "stack"), "HOME": str(tmp_path)}
    command = [str(Path(sys.executable).with_name("leadgen")), "demo", "--json", "--leads", "15"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["faults"] == []
    assert report["status"] == "COMPLETED"
    assert report["summary"]["new leads"] == 15
    assert report["summary"]["sent"] == report["summary"]["queued"] == report["delivered"] > 0
    assert report["summary"]["review"] > 0
    assert Path(report["picture"]["svg"]).stat().st_size > 10_000
    assert Path(report["picture"]["png"]).read_bytes().startswith(b"\x89PNG")
    assert len(list(Path(report["mailFolder"]).glob("*.eml"))) == report["delivered"]
    assert "Traceback" not in done.stderr
