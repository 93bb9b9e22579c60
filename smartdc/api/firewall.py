"""The firewall rules of the account, and those that act on a machine."""

from __future__ import annotations

from typing import Any

from smartdc.chapter import MachineChapter
from smartdc.connection import Connection
from smartdc.firewall_text import says_the_same
from smartdc.likeness import like
from smartdc.tables import table
from smartdc.types import FirewallRule, FirewallRuleRef


class FirewallChapter(Connection):
    """List, get, create, change and delete firewall rules."""

    __slots__ = ()

    def firewall_rules(self) -> list[FirewallRule]:
        """Return all firewall rules of the account; global ones act on machines only.

        `GET /:login/fwrules`, since 7.0.
        """
        return self._call('GET', '/fwrules', read=table(self, 'firewall rules'))

    def firewall_rule(self, rule: FirewallRuleRef) -> FirewallRule:
        """Return one firewall rule, by id, short id or dict.

        `GET /:login/fwrules/:id`, since 7.0. Raises ResourceNotFound, UnknownName, Forbidden for
        a global one.
        """
        return self._call('GET', '/fwrules/{}', self._find('firewall rule', rule))

    def create_firewall_rule(
        self,
        rule: str,
        *,
        enabled: bool | None = None,
        log: bool | None = None,
        description: str | None = None,
    ) -> FirewallRule:
        """Create a firewall rule and return it, its text in the server's form.

        `POST /:login/fwrules`, since 7.0. `rule` reads like
        `FROM any TO tag "role" = "web" ALLOW tcp PORT 80`. It is off, and does not log, unless
        told otherwise. Raises InvalidParameters with the parser's words.

        The server would make a second one after a lost answer, so the rules are listed before, and
        what is new and says the same is the one: a request more, and none with `retries=None`.
        """
        body = {'rule': rule, 'enabled': enabled, 'log': log, 'description': description}
        shown = {'enabled': bool(enabled), 'log': bool(log), 'description': description or ''}

        def is_it(row: FirewallRule) -> bool:
            told = {'log': False, 'description': '', **row}
            return says_the_same(str(row.get('rule')), rule) and like(told, shown)

        return self._create_new(
            '/fwrules', rows=self.firewall_rules, is_it=is_it, sought={'rule': rule}, body=body
        )

    def update_firewall_rule(
        self,
        rule: FirewallRuleRef,
        *,
        text: str | None = None,
        enabled: bool | None = None,
        log: bool | None = None,
        description: str | None = None,
    ) -> FirewallRule:
        """Change what is given of a firewall rule, `text` being the rule itself; return it.

        `POST /:login/fwrules/:id`, since 7.0. Raises ResourceNotFound, InvalidParameters.
        """
        body = {'rule': text, 'enabled': enabled, 'log': log, 'description': description}
        return self._call('POST', '/fwrules/{}', self._find('firewall rule', rule), body=body)

    def enable_firewall_rule(self, rule: FirewallRuleRef) -> FirewallRule:
        """Switch a firewall rule on and return it.

        `POST /:login/fwrules/:id/enable`, since 7.0. Raises ResourceNotFound.
        """
        return self._call('POST', '/fwrules/{}/enable', self._find('firewall rule', rule))

    def disable_firewall_rule(self, rule: FirewallRuleRef) -> FirewallRule:
        """Switch a firewall rule off and return it.

        `POST /:login/fwrules/:id/disable`, since 7.0. Raises ResourceNotFound.
        """
        return self._call('POST', '/fwrules/{}/disable', self._find('firewall rule', rule))

    def delete_firewall_rule(self, rule: FirewallRuleRef) -> None:
        """Delete a firewall rule, named as for `firewall_rule`.

        `DELETE /:login/fwrules/:id`, since 7.0. Raises ResourceNotFound.
        """
        self._call('DELETE', '/fwrules/{}', self._find('firewall rule', rule))

    def firewall_rule_machines(self, rule: FirewallRuleRef) -> list[dict[str, Any]]:
        """Return the data of the machines that a firewall rule is about.

        `GET /:login/fwrules/:id/machines`, since 7.0. Raises ResourceNotFound.
        """
        return self._call(
            'GET',
            '/fwrules/{}/machines',
            self._find('firewall rule', rule),
            read=table(self, 'machines'),
        )


class MachineFirewallChapter(MachineChapter):
    """The firewall rules of one machine."""

    __slots__ = ()

    def firewall_rules(self) -> list[FirewallRule]:
        """Return the firewall rules that act on the machine, global ones included.

        `GET /:login/machines/:id/fwrules`, since 7.0.
        """
        return self._call(
            'GET', '/machines/{}/fwrules', self.id, read=table(self.datacenter, 'firewall rules')
        )
