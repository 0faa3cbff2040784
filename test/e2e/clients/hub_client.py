"""What people do with huggingface_hub, against the registry that HF_ENDPOINT names. Prints what it found as JSON."""

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

Found = dict[str, object]


def name_of(call: Callable[[], object]) -> str:
    """The name of the error that a call ends with."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "nothing"


def status_of(call: Callable[[], object]) -> int:
    """The status of the refusal that a call ends with."""
    try:
        call()
    except HfHubHTTPError as error:
        return error.response.status_code
    return 0


def make_folder(folder: Path) -> None:
    """A small model as a trainer leaves it."""
    (folder / "onnx").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: mit\npipeline_tag: text-generation\n---\n# A model\n")
    (folder / "config.json").write_text('{"model_type": "tiny"}')
    (folder / "empty.txt").write_text("")
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 12_000)
    (folder / "onnx" / "model.onnx").write_bytes(b"\0onnx" * 1_000)


def create(api: HfApi, repo: str) -> Found:
    """Makes the repo, twice."""
    url = api.create_repo(repo.split("/")[1])
    return {
        "url": [url.repo_id, url.repo_type],
        "again": [status_of(lambda: api.create_repo(repo)), str(api.create_repo(repo, exist_ok=True).repo_id)],
    }


def send_and_fetch(api: HfApi, repo: str, folder: Path) -> Found:
    """Uploads a folder, twice, and downloads it."""
    make_folder(folder / "up")
    first = api.upload_folder(repo_id=repo, folder_path=folder / "up", commit_message="Add a model")
    unchanged = api.upload_folder(repo_id=repo, folder_path=folder / "up").oid == first.oid
    down = Path(snapshot_download(repo, cache_dir=folder / "cache"))
    sent = {path.relative_to(folder / "up"): path.read_bytes() for path in (folder / "up").rglob("*") if path.is_file()}
    info = api.repo_info(repo, files_metadata=True)
    return {
        "files": sorted(api.list_repo_files(repo)),
        "unchanged": unchanged,
        "same": all((down / path).read_bytes() == content for path, content in sent.items()),
        "commit": down.name == first.oid,
        "info": [info.sha == first.oid, info.private, info.pipeline_tag, len(info.siblings or [])],
    }


def look(api: HfApi, repo: str) -> Found:
    """Lists what there is."""
    paths = api.get_paths_info(repo, ["onnx", "README.md", "none"], expand=True)
    return {
        "paths": sorted(item.path for item in paths),
        "tree": sorted(item.path for item in api.list_repo_tree(repo, recursive=True)),
        "listed": [model.id for model in api.list_models(author=repo.split("/", maxsplit=1)[0])],
        "exists": [api.repo_exists(repo), api.file_exists(repo, "config.json"), api.file_exists(repo, "none")],
    }


def branch(api: HfApi, repo: str, folder: Path) -> Found:
    """Commits to a branch, tags, and reads by both."""
    api.create_branch(repo, branch="try/one")
    head = api.repo_info(repo).sha
    operations = [CommitOperationAdd("a/b.txt", b"text"), CommitOperationDelete("onnx/")]
    api.create_commit(repo, operations, commit_message="On a branch", revision="try/one")
    api.create_tag(repo, tag="v1")
    refs = api.list_repo_refs(repo)
    config = hf_hub_download(repo, "config.json", revision="v1", cache_dir=folder / "cache")
    late = {"commit_message": "Late", "revision": "try/one", "parent_commit": head}
    return {
        "branch": sorted(api.list_repo_files(repo, revision="try/one")),
        "refs": [sorted(ref.name for ref in refs.branches), [ref.name for ref in refs.tags]],
        "history": [commit.title for commit in api.list_repo_commits(repo, revision="try/one")],
        "by_tag": Path(config).read_text(),
        "stale": status_of(lambda: api.create_commit(repo, [CommitOperationAdd("x", b"y")], **late)),
    }


def refusals(api: HfApi, repo: str, folder: Path) -> Found:
    """What is not there, and what there is not."""
    upload = {"path_or_fileobj": b"x", "path_in_repo": "x", "repo_id": repo}
    return {
        "pull_request": status_of(lambda: api.upload_file(**upload, create_pr=True)),
        "bad_token": status_of(lambda: HfApi(token="hf_agon_wrong_token").repo_info(repo)),  # noqa: S106
        "missing": {
            "repo": name_of(lambda: api.repo_info(f"{repo}-none")),
            "revision": name_of(lambda: api.repo_info(repo, revision="none")),
            "file": name_of(lambda: hf_hub_download(repo, "none", cache_dir=folder / "cache")),
            "folder": name_of(lambda: list(api.list_repo_tree(repo, "none"))),
        },
    }


def private_for(token: str | bool, repo: str, cache: Path) -> list[object]:
    """What another sees of a private repo."""
    other = HfApi(token=token)
    return [
        name_of(lambda: other.repo_info(repo)),
        name_of(lambda: hf_hub_download(repo, "config.json", token=token, cache_dir=cache)),
        name_of(lambda: other.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo)),
        [model.id for model in other.list_models(author=repo.split("/", maxsplit=1)[0])],
    ]


def dataset(api: HfApi, me: str, folder: Path) -> list[object]:
    """A repo of another kind."""
    repo = {"repo_id": f"{me}/rows", "repo_type": "dataset"}
    api.create_repo(**repo)
    api.upload_file(path_or_fileobj=b"a,b\n", path_in_repo="rows.csv", **repo)
    rows = hf_hub_download(filename="rows.csv", cache_dir=folder / "cache", **repo)
    return [Path(rows).read_text(), [one.id for one in api.list_datasets(author=me)]]


def run(folder: Path, stranger: str) -> Found:
    """Every call once; the token is in HF_TOKEN."""
    api = HfApi()
    me = api.whoami()["name"]
    repo = f"{me}/python"
    found: Found = {"me": me}
    found |= create(api, repo) | send_and_fetch(api, repo, folder) | look(api, repo)
    found |= branch(api, repo, folder) | refusals(api, repo, folder)
    api.update_repo_settings(repo, private=True)
    found["private_for_stranger"] = private_for(stranger, repo, folder / "cache-stranger")
    found["private_for_nobody"] = private_for(False, repo, folder / "cache-nobody")
    found["dataset"] = dataset(api, me, folder)
    api.delete_repo(repo)
    found["deleted"] = name_of(lambda: api.repo_info(repo))
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(run(Path(sys.argv[1]), sys.argv[2])))
