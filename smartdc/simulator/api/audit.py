"""What was done to a machine, and by whom."""

from __future__ import annotations

from smartdc.simulator import jobs
from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.routing import Chapter

chapter: Chapter = Chapter()


@chapter.get('/:account/machines/:machine/audit', 'MachineAudit', head='HeadAudit')
def machine_audit(call: Call) -> Reply:
    """Answer the finished jobs of a machine, newest first; a deleted one has them too."""
    return Reply(jobs.audit(call))
