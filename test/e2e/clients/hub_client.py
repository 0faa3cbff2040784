"""What people do with huggingface_hub, against the registry that HF_ENDPOINT names. Prints what it found as JSON."""

import json
import sys
import warnings
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)


def name_of(call) -> str:
    """The name of the error that a call ends with."""
    try:
        call()
    except Exception as error:  # noqa: BLE001
        return type(error).__name__
    return "nothing"


def status_of(call) -> int:
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


def run(folder: Path, stranger: str) -> dict[str, object]:
    """Every call once; the token is in HF_TOKEN."""
    api = HfApi()
    me = api.whoami()["name"]
    repo = f"{me}/python"
    found: dict[str, object] = {"me": me}
    url = api.create_repo("python")
    found["url"] = [url.repo_id, url.repo_type]
    found["again"] = [status_of(lambda: api.create_repo(repo)), str(api.create_repo(repo, exist_ok=True).repo_id)]
    make_folder(folder / "up")
    first = api.upload_folder(repo_id=repo, folder_path=folder / "up", commit_message="Add a model")
    found["files"] = sorted(api.list_repo_files(repo))
    found["unchanged"] = api.upload_folder(repo_id=repo, folder_path=folder / "up").oid == first.oid
    down = Path(snapshot_download(repo, cache_dir=folder / "cache"))
    sent = {p.relative_to(folder / "up"): p.read_bytes() for p in (folder / "up").rglob("*") if p.is_file()}
    found["same"] = all((down / path).read_bytes() == content for path, content in sent.items())
    found["commit"] = down.name == first.oid
    info = api.repo_info(repo, files_metadata=True)
    found["info"] = [info.sha == first.oid, info.private, info.pipeline_tag, len(info.siblings or [])]
    found["paths"] = sorted(item.path for item in api.get_paths_info(repo, ["onnx", "README.md", "none"], expand=True))
    found["tree"] = sorted(item.path for item in api.list_repo_tree(repo, recursive=True))
    found["listed"] = [model.id for model in api.list_models(author=me)]
    found["exists"] = [api.repo_exists(repo), api.file_exists(repo, "config.json"), api.file_exists(repo, "none")]
    api.create_branch(repo, branch="try/one")
    operations = [
        CommitOperationAdd("a/b.txt", b"text"),
        CommitOperationDelete("onnx/"),
    ]
    api.create_commit(repo, operations, commit_message="On a branch", revision="try/one")
    found["branch"] = sorted(api.list_repo_files(repo, revision="try/one"))
    api.create_tag(repo, tag="v1")
    refs = api.list_repo_refs(repo)
    found["refs"] = [sorted(ref.name for ref in refs.branches), [ref.name for ref in refs.tags]]
    found["history"] = [commit.title for commit in api.list_repo_commits(repo, revision="try/one")]
    found["by_tag"] = Path(hf_hub_download(repo, "config.json", revision="v1", cache_dir=folder / "cache")).read_text()
    stale = lambda: api.create_commit(  # noqa: E731
        repo, [CommitOperationAdd("x", b"y")], commit_message="Stale", revision="try/one", parent_commit=first.oid
    )
    found["stale"] = status_of(stale)
    found["pull_request"] = status_of(
        lambda: api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo, create_pr=True)
    )
    found["missing"] = {
        "repo": name_of(lambda: api.repo_info(f"{me}/none")),
        "revision": name_of(lambda: api.repo_info(repo, revision="none")),
        "file": name_of(lambda: hf_hub_download(repo, "none", cache_dir=folder / "cache")),
        "folder": name_of(lambda: list(api.list_repo_tree(repo, "none"))),
    }
    assert (RepositoryNotFoundError, RevisionNotFoundError, EntryNotFoundError)
    api.update_repo_settings(repo, private=True)
    for whose, token in {"stranger": stranger, "nobody": False}.items():
        other = HfApi(token=token)
        found[f"private_for_{whose}"] = [
            name_of(lambda: other.repo_info(repo)),
            name_of(lambda: hf_hub_download(repo, "config.json", token=token, cache_dir=folder / f"cache-{whose}")),
            name_of(lambda: other.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo)),
            [model.id for model in other.list_models(author=me)],
        ]
    found["bad_token"] = status_of(lambda: HfApi(token="hf_agon_wrong_token").repo_info(repo))
    api.create_repo(f"{me}/rows", repo_type="dataset")
    api.upload_file(path_or_fileobj=b"a,b\n", path_in_repo="rows.csv", repo_id=f"{me}/rows", repo_type="dataset")
    rows = hf_hub_download(f"{me}/rows", "rows.csv", repo_type="dataset", cache_dir=folder / "cache")
    found["dataset"] = [Path(rows).read_text(), [one.id for one in api.list_datasets(author=me)]]
    api.delete_repo(repo)
    found["deleted"] = name_of(lambda: api.repo_info(repo))
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(run(Path(sys.argv[1]), sys.argv[2])))
