"""What libraries read from the same files again and again is read once a test session; products of it stay apart.

Hydra parses and merges every yaml of `conf/` each time that it composes, and tests compose more choices than a command
keeps; OmegaConf parses every `${…}` in them each time that it resolves one, open_clip its vocabulary for each CLIP, and
Python all that a package says of itself, to tell its version: a tenth of all tests' time. Commands that tests start as
processes of their own read everything as they do for a user.
"""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from functools import cache, lru_cache, wraps
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from bench.settings import compose
from bench.store.facts import parsed


def reuse_files() -> None:
    """Have Hydra, OmegaConf, open_clip and threadpoolctl keep what they have read."""
    import omegaconf.base
    import open_clip.factory
    from hydra._internal.sources_registry import SourcesRegistry
    from hydra.core.plugins import Plugins

    Plugins.instance()  # finds and registers the sources of yaml; what was imported before, it makes anew
    sources = SourcesRegistry.instance()
    make_maps_where_asked()
    copy_nodes_plainly()
    reuse_merges()
    reuse_yaml(sources.resolve("file"), Path)
    reuse_yaml(sources.resolve("pkg"), resources.files)
    reuse_words()
    reuse_metadata()
    reuse_thread_pools()
    parsed.parse_source = lru_cache(maxsize=4096)(parsed.parse_source)  # by the text itself
    compose._compose_once = lru_cache(maxsize=1024)(compose._compose_once.__wrapped__)
    omegaconf.base.parse = lru_cache(maxsize=4096)(omegaconf.base.parse)  # type: ignore[attr-defined]
    open_clip.factory.SimpleTokenizer = cache(open_clip.factory.SimpleTokenizer)  # type: ignore[attr-defined]


def make_maps_where_asked() -> None:
    """Hydra writes all choices down for each list of defaults, and reads them only where one holds a `${…}`."""
    from hydra._internal import defaults_list

    plain = defaults_list._create_interpolation_map

    def make_map(overrides: Any, defaults: list[Any], self_added: bool) -> Any:
        asked = any(each.is_interpolation() for each in defaults if not each.is_self())
        return plain(overrides, defaults, self_added) if asked else None

    defaults_list._create_interpolation_map = make_map


def copy_nodes_plainly() -> None:
    """Copy what OmegaConf knows of a value by hand: Python's copy takes it apart, and but two parts never change."""
    from omegaconf.base import Metadata

    def copy_metadata(self: Metadata, memo: dict[int, Any]) -> Metadata:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.flags = self.flags and dict(self.flags)
        made.resolver_cache = copy.deepcopy(self.resolver_cache, memo)
        return made

    Metadata.__deepcopy__ = copy_metadata  # type: ignore[attr-defined]


def reuse_merges() -> None:
    """Go on from where an earlier list of defaults begins to differ: most name the same options but for one or two."""
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.config_repository import CachingConfigRepository
    from omegaconf import OmegaConf, flag_override
    from omegaconf.errors import OmegaConfBaseException

    plain = ConfigLoaderImpl._compose_config_from_defaults_list
    seen: set[tuple[object, ...]] = set()
    merged: dict[tuple[object, ...], bytes] = {}

    @wraps(plain)
    def merge(self: Any, defaults: list[Any], repo: Any) -> Any:
        parts = [(repr(each), getattr(repo.load_config(each.config_path), "parsed", None)) for each in defaults]
        steps = [tuple(parts[:at]) for at in range(len(parts) + 1)]
        known, shared = (max(at for at, step in enumerate(steps) if not at or step in of) for of in (merged, seen))
        config = pickle.loads(merged[steps[known]]) if known else OmegaConf.create()
        try:
            for default, step in zip(defaults[known:], steps[known + 1 :], strict=True):
                with flag_override(config, "no_deepcopy_set_nodes", True):
                    config.merge_with(plain(self, [default], repo))
                if step == steps[shared]:  # and here the two part
                    merged[step] = pickle.dumps(config)
            seen.update(steps)
        except OmegaConfBaseException:  # which is told in Hydra's words
            return plain(self, defaults, CachingConfigRepository(repo.delegate))
        return config

    ConfigLoaderImpl._compose_config_from_defaults_list = merge


def reuse_words() -> None:
    """Parse each word of a command once: Hydra's parser is made anew for every one, and tests say the same again."""
    from hydra.core.override_parser import overrides_parser

    parser = overrides_parser.OverridesParser
    overrides_parser.create_functions = cache(overrides_parser.create_functions)
    parse = lru_cache(maxsize=4096)(lambda text, rule: plain(parser.create(), text, rule))
    plain, parser.parse_rule = parser.parse_rule, lambda self, text, rule: copy.deepcopy(parse(text, rule))


def reuse_metadata() -> None:
    """Parse what an installed package says of itself once for each place, time and size: pages, to tell a version."""
    plain = metadata.PathDistribution.metadata.fget

    @lru_cache(maxsize=1024)
    def parse(place: Path, time: int, size: int) -> Any:
        return plain(metadata.PathDistribution(place))

    def read(self: Any) -> Any:
        file = self._path / "METADATA"
        if not isinstance(file, Path) or not file.is_file():
            return plain(self)
        status = file.stat()
        return parse(self._path, status.st_mtime_ns, status.st_size)

    metadata.PathDistribution.metadata = property(read)  # type: ignore[assignment]


def reuse_thread_pools() -> None:
    """Look for libraries with threads anew only where more modules are imported: 9 ms, asked for each measured call."""
    from threadpoolctl import ThreadpoolController

    plain = ThreadpoolController._load_libraries
    known: dict[int, list[Any]] = {}

    def load(self: Any) -> None:
        if (count := len(sys.modules)) not in known:
            plain(self)
            known[count] = self.lib_controllers
        self.lib_controllers = list(known[count])

    ThreadpoolController._load_libraries = load


def reuse_yaml(source: Any, find_folder: Callable[[str], Any]) -> None:
    """Parse a yaml once for each place, time and size; each composition has a copy of its own, which it may change."""
    plain = source.load_config

    @lru_cache(maxsize=1024)
    def parse(provider: str, folder: str, name: str, time: int, size: int) -> bytes:
        return pickle.dumps(plain(source(provider, f"{source.scheme()}://{folder}"), name))

    def load(self: Any, config_path: str) -> Any:
        file = find_folder(self.path) / self._normalize_file_name(config_path)
        if not isinstance(file, Path) or not file.is_file():
            return plain(self, config_path)
        status = file.stat()
        parsed = parse(self.provider, self.path, config_path, status.st_mtime_ns, status.st_size)
        result = pickle.loads(parsed)
        result.parsed = parsed
        return result

    source.load_config = load
