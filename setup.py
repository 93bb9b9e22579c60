"""The distribution: its metadata, requirements and extras."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.findall(
    r"__version__ = '(.+)'", (HERE / 'smartdc' / '__init__.py').read_text('utf-8')
)[0]

EVENTS = ['websockets>=15']
SIMULATOR = ['httptools>=0.6.4', *EVENTS]
CERTS = ['cryptography>=42']
SSH = ['paramiko>=3.5']
FAST = ['cryptography>=42', 'orjson>=3.10']
RICH = ['rich>=13']
DOCS = ['furo>=2024.8', 'sphinx>=8.1', 'sphinx-copybutton>=0.5.2', *SSH]
EXTRAS = {
    'simulator': SIMULATOR,
    'events': EVENTS,
    'certs': CERTS,
    'fast': FAST,
    'rich': RICH,
    'ssh': SSH,
    'test': [
        *SIMULATOR,
        *EVENTS,
        *CERTS,
        *FAST,
        *RICH,
        'build>=1.2',
        *SSH,
        'docutils>=0.20',
        'hypothesis>=6.100',
        'jsonschema>=4.20',
        'pysocks>=1.7.1',
        'pytest>=8.2',
        'pytest-randomly>=3.15',
        'pytest-timeout>=2.3',
        'pytest-xdist>=3.6',
        'setuptools>=77',
        'uvicorn>=0.34',
    ],
    'peers': ['boto3', 'hcloud', 'linode_api4', 'python-digitalocean'],
    'docs': DOCS,
    'dev': [
        *DOCS,
        'coverage>=7.10',
        'ipykernel>=6.29',
        'ipython>=8.20',
        'matplotlib>=3.9',
        'mutmut>=3.8',
        'mypy>=2.4',
        'nbclient>=0.10',
        'nox>=2025.5',
        'pre-commit>=4',
        'pyright>=1.1.414',
        'ruff>=0.17.5',
        'types-docutils>=0.20',
        'types-jsonschema>=4.20',
        'types-paramiko>=3.5',
        'types-requests>=2.32',
    ],
}

setup(
    name='smartdc',
    version=VERSION,
    description='Triton DataCenter (SmartDataCenter) from Python: machines over CloudAPI, '
    'with a CloudAPI on board to try and test them on',
    long_description=(HERE / 'README.rst').read_text('utf-8'),
    long_description_content_type='text/x-rst',
    license_expression='MIT',
    license_files=['LICENSE'],
    author='The smartdc maintainers',
    keywords='triton smartdatacenter smartos joyent cloudapi cloud',
    packages=find_packages(include=['smartdc', 'smartdc.*']),
    package_data={'smartdc': ['py.typed']},
    python_requires='>=3.11',
    # Before 2.32.3 requests passes by the certificates that it is told to trust.
    install_requires=['requests>=2.32.3', 'pycryptodome>=3.20', 'urllib3>=2.0.2'],
    extras_require=EXTRAS,
    entry_points={'pytest11': ['smartdc = smartdc.pytest_plugin']},
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Developers',
        'Intended Audience :: System Administrators',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: System :: Systems Administration',
        'Typing :: Typed',
    ],
)
