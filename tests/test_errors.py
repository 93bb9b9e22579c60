"""The tree of errors."""

import pickle

import pytest
import requests

import smartdc
from smartdc import errors
from smartdc.errors.codes import leaf_for

LEAVES = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize('leaf', LEAVES, ids=lambda leaf: leaf.__name__)
def test_every_error_is_a_smartdc_error_and_can_be_pickled(leaf: type[Exception]) -> None:
    """An error that crosses processes says the same and keeps its facts."""
    if issubclass(leaf, errors.APIError):
        error: Exception = leaf(409, 'Code', 'text', errors=[{'field': 'f'}], request_id='r1')
    else:
        error = leaf('text')
    again = pickle.loads(pickle.dumps(error))

    assert isinstance(error, smartdc.SmartDCError)
    assert type(again) is leaf
    assert str(error) == str(again)
    assert vars(error).keys() <= vars(again).keys() | {'response', 'request'}


@pytest.mark.parametrize('leaf', LEAVES, ids=lambda leaf: leaf.__name__)
def test_an_error_says_that_a_write_may_have_been_done(leaf: type[smartdc.SmartDCError]) -> None:
    """What to look for is in its text, and crosses processes as it is."""
    error = leaf(409) if issubclass(leaf, errors.APIError) else leaf('text.')
    assert (False, {}) == (error.maybe_done, dict(error.sought))
    before = str(error)
    error.doubt({'name': 'web0'})
    again = pickle.loads(pickle.dumps(error))

    assert (True, {'name': 'web0'}) == (again.maybe_done, again.sought)
    said = "It may have been done: look for name 'web0' before you do it again"
    assert f'{before.rstrip(".")}. {said}' == str(error) == str(again)


def test_an_api_error_has_its_facts_as_attributes_and_in_its_text() -> None:
    """A program reads attributes, a person reads the text."""
    error = smartdc.ValidationFailed(
        409,
        'ValidationFailed',
        'Invalid VM parameters',
        errors=[{'field': 'alias', 'code': 'Duplicate', 'message': 'Already exists'}],
        request_id='r-1',
        method='POST',
        url='http://host/my/machines',
    )

    assert (error.status, error.code, error.request_id) == (409, 'ValidationFailed', 'r-1')
    for part in ('409', 'Invalid VM parameters', 'alias: Already exists', 'POST', 'r-1'):
        assert part in str(error)


def test_old_except_clauses_still_catch() -> None:
    """Errors of 0.2.0 were requests', and so are the ones that took their place."""
    assert issubclass(smartdc.APIError, requests.HTTPError)
    assert issubclass(smartdc.ConnectionFailed, requests.ConnectionError)
    assert issubclass(smartdc.Timeout, requests.Timeout)
    assert issubclass(smartdc.WaitTimeout, TimeoutError)
    assert issubclass(smartdc.InvalidInput, ValueError)
    assert issubclass(smartdc.Unsupported, RuntimeError)


@pytest.mark.parametrize(
    ('status', 'code', 'leaf'),
    [
        (409, 'InvalidArgument', smartdc.InvalidArgument),
        (405, 'MethodNotAllowedError', smartdc.MethodNotAllowed),
        (409, 'CannotDestroyMachineError', smartdc.CannotDestroyMachine),
        (422, 'ValidationFailed', smartdc.ValidationFailed),
        (429, 'TooManyRequestsError', smartdc.TooManyRequests),
        (420, '', smartdc.TooManyRequests),
        (410, 'ResourceNotFound', smartdc.MachineGone),
        (404, 'SomethingNew', smartdc.ResourceNotFound),
        (499, 'SomethingNew', smartdc.APIError),
        (599, '', smartdc.APIError),
    ],
)
def test_code_and_status_choose_the_class(
    status: int, code: str, leaf: type[smartdc.APIError]
) -> None:
    """The code decides; a code that is not known leaves it to the status."""
    assert leaf is leaf_for(status, code)
