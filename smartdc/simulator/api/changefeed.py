"""The stream of changes."""

from __future__ import annotations

from smartdc.simulator.routing import Chapter

chapter = Chapter()

chapter.unserved('GET', '/:account/changefeed', 'changefeed')
