"""Asks the reference implementation of http-signature whether it accepts what we sign."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from tests.programs import need, node_modules

VERIFY = Path(__file__).parent / 'node' / 'verify.js'


def ask(questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the referee's verdict on each question; all go through one process."""
    done = subprocess.run(
        [need('node'), str(VERIFY)],
        input='\n'.join(json.dumps(question) for question in questions),
        env={**os.environ, 'NODE_PATH': str(node_modules('http-signature'))},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def question(request: requests.PreparedRequest, public_key: str) -> dict[str, Any]:
    """Put a signed request as a question to the referee."""
    headers = {name: str(value) for name, value in request.headers.items()}
    target = request.path_url
    return {'method': request.method, 'target': target, 'headers': headers, 'key': public_key}
