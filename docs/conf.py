"""How Sphinx makes the documentation: `nox -s docs`."""

import sys
from pathlib import Path

import smartdc

sys.path[:0] = [str(Path(__file__).parent / '_ext')]

project = 'smartdc'
author = 'The smartdc maintainers'
copyright = author  # noqa: A001 - Sphinx's name
version = release = smartdc.__version__

extensions = ['sphinx.ext.autodoc', 'sphinx_copybutton', 'members']
exclude_patterns = ['_build']
templates_path: list[str] = []
html_theme = 'furo'
html_title = f'smartdc {version}'
html_static_path = ['_static']
html_css_files = ['smartdc.css']
html_theme_options = {
    'top_of_page_buttons': [],
    'light_css_variables': {'color-brand-primary': '#0b6e75', 'color-brand-content': '#0b6e75'},
    'dark_css_variables': {'color-brand-primary': '#5cc3ca', 'color-brand-content': '#5cc3ca'},
}
highlight_language = 'none'

#: Docstrings have code in single backticks.
default_role = 'code'
autodoc_member_order = 'bysource'
autodoc_typehints = 'signature'
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = 'hide'

# Only what is ours is linked; what annotations name besides is described elsewhere.
nitpicky = True
nitpick_ignore_regex = [
    ('py:.*', r'(builtins|collections|datetime|os|pathlib|ssl|types|typing)\..*'),
    ('py:.*', r'(requests|paramiko|websockets)(\..*)?'),
    (
        'py:class',
        'AbstractContextManager|AuthBase|Client|ClientConnection|PKey|Passphrase|Path|PathLike|'
        'Patience|Plan|Verify|datetime',
    ),
    ('py:class', r'smartdc\.tables\.Thing'),
]

# A prompt is no part of what is copied.
copybutton_prompt_text = r'>>> |\.\.\. |\$ '
copybutton_prompt_is_regexp = True
