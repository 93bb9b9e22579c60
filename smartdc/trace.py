"""What was asked and answered, a line each: in the log, and on a stream for who wants to see it."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import requests

logger: logging.Logger = logging.getLogger('smartdc.http')

_LINE = '%s\t%s\t%s\t%.3f s\trequest id %s'


def log(response: requests.Response, seconds: float, verbose: bool | TextIO | None) -> None:
    """Log an exchange at DEBUG; with `verbose` write it to stderr, or to the file given."""
    if not verbose and not logger.isEnabledFor(logging.DEBUG):
        return
    facts = (
        response.request.method,
        response.url,
        response.status_code,
        seconds,
        response.headers.get('Request-Id', '-'),
    )
    logger.debug(_LINE, *facts)
    if verbose:
        record = logging.LogRecord(
            logger.name, logging.INFO, __file__, 0, _LINE % facts, None, None
        )
        logging.StreamHandler(sys.stderr if verbose is True else verbose).handle(record)
