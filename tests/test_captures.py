"""What the page on the prompt shows is what a prompt shows."""

from tests import captures


def test_the_page_shows_what_a_prompt_shows() -> None:
    """docs/repl.rst is what `python -m tests.captures` writes."""
    assert captures.page() == captures.PAGE.read_text('utf-8')
