"""Templates as they are kept: every save that changes what one says makes a version, and every version stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from leadgen.mail.templates import Finding, check_template
from leadgen.model.documents import FollowUp, Template, TemplateVersion
from leadgen.model.errors import Conflict
from leadgen.pipeline.campaigns import usable_template
from leadgen.pipeline.context import Context
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Record, need, read, retrying

_SAID = ("template_name", "description", "base_subject", "base_body_html", "alternative_subjects", "defaults")
"""The fields that make a version."""


@dataclass(frozen=True)
class TemplateWish:
    """What a template is to say.

    Args:
        template_id: its number.
        fields: those of `_SAID`, and `is_archived`.
        user: who saves it.
        expected_version: the version the user was looking at, 0 for none; `None` to replace whatever is there.
    """

    template_id: int
    fields: dict[str, Any] = field(repr=False)
    user: str
    expected_version: int | None = None


def save_template(context: Context, wish: TemplateWish) -> tuple[Template, list[Finding]]:
    """Create a template, or replace it by a new version. Saving the same again changes nothing.

    Returns:
        The template as it is now, and warnings about it.

    Raises:
        InvalidInput: it can't be used; names each problem with its line.
        Conflict: it is not at the version that was expected.
    """
    draft = Template(template_id=wish.template_id, created_at=context.clock.now(), **wish.fields)
    warnings = check_template(draft)
    return retrying(lambda: _save_once(context, wish)), warnings


def _save_once(context: Context, wish: TemplateWish) -> Template:
    ref = context.names.templates.document(str(wish.template_id))
    record = read(ref, Template)
    before = record.value if record else None
    present = before.version if before else 0
    if before is not None and all(getattr(before, name) == value for name, value in wish.fields.items()):
        return before
    if wish.expected_version is not None and wish.expected_version != present:
        raise Conflict(
            f"Template {wish.template_id} is at version {present}; your change was made against version "
            f"{wish.expected_version}.",
            hint="Look at the present version and decide again.",
        )
    now = context.clock.now()
    says_more = before is None or any(getattr(before, name) != wish.fields[name] for name in _SAID)
    template = Template(
        **wish.fields,
        template_id=wish.template_id,
        created_at=before.created_at if before else now,
        updated_at=now,
        updated_by=wish.user,
        version=present + 1 if says_more else present,
        follow_ups=before.follow_ups if before else [],
    )
    commit = Commit(context.db)
    if record is None:
        commit.create(ref, template)
    else:
        _keep(commit, record, record.value)  # one from before versions were kept
        commit.change(record, template.to_firestore())
    commit.put(ref.collection("versions").document(str(template.version)), _version(template))
    commit.run()
    return template


def _keep(commit: Commit, record: Record[Template], template: Template) -> None:
    commit.put(record.ref.collection("versions").document(str(template.version)), _version(template))


def _version(template: Template) -> TemplateVersion:
    said = {name: getattr(template, name) for name in _SAID}
    return TemplateVersion(
        **said,
        template_id=template.template_id,
        version=template.version,
        saved_at=template.updated_at or template.created_at,
        saved_by=template.updated_by,
    )


def archive_template(context: Context, template_id: int, user: str, *, archived: bool) -> Template:
    """Put a template into the archive, or take it out. Its mails that wait are held while it is there.

    Raises:
        NotFound: there is no such template.
    """

    def attempt() -> Template:
        record = need(context.names.templates.document(str(template_id)), Template, f"template {template_id}")
        if record.value.is_archived is archived:
            return record.value
        now = context.clock.now()
        changed = record.value.model_copy(update={"is_archived": archived, "updated_at": now, "updated_by": user})
        commit = Commit(context.db).change(record, {"isArchived": archived, "updatedAt": now, "updatedBy": user})
        done = "archived" if archived else "took out of the archive"
        note(context.db, commit, entry(now, "template.archived", f"{user} {done} template {template_id}")).run()
        return changed

    return retrying(attempt)


def set_sequence(context: Context, template_id: int, steps: list[FollowUp], user: str) -> Template:
    """Say what follows a template's mail. Mails that wait already stay as they are.

    Args:
        context: the parts.
        template_id: the template of the first mail.
        steps: what follows, in order; none to end the sequence.
        user: who says so.

    Raises:
        NotFound: there is no such template.
        InvalidInput: a step names a template that does not exist or is archived.
    """
    for step in steps:
        usable_template(context, step.template_id)

    def attempt() -> Template:
        record = need(context.names.templates.document(str(template_id)), Template, f"template {template_id}")
        if record.value.follow_ups == steps:
            return record.value
        now = context.clock.now()
        changed = record.value.model_copy(update={"follow_ups": steps, "updated_at": now, "updated_by": user})
        stored = [step.to_firestore() for step in steps]
        commit = Commit(context.db).change(record, {"followUps": stored, "updatedAt": now, "updatedBy": user})
        words = f"{user} set {len(steps)} follow-ups for template {template_id}"
        note(context.db, commit, entry(now, "template.sequence", words)).run()
        return changed

    return retrying(attempt)


def template_at(context: Context, template_id: int, version: int | None = None) -> Template:
    """A template as it is, or as it was.

    Raises:
        NotFound: there is no such template or version.
    """
    ref = context.names.templates.document(str(template_id))
    present = need(ref, Template, f"template {template_id}").value
    if version is None or version == present.version:
        return present
    what = f"version {version} of template {template_id}"
    kept = need(ref.collection("versions").document(str(version)), TemplateVersion, what).value
    return present.model_copy(update={name: getattr(kept, name) for name in _SAID} | {"version": version})
