"""Pictures of a document and of a face, as a part of real-name verification (XJ-3.4); nothing of them is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.customers import errors, pictures
from chalicelib.customers.commands.compare_face import compare_face
from chalicelib.customers.commands.read_document import read_document
from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound, OutcomeUnknown, TryAgain
from chalicelib.platform.http import Api, Body, Call, View

api = Api(__name__)

# Two pictures in base64, and a little around them. No other operation takes that much.
MAX_BODY_BYTES = 3 * 1024 * 1024
_PictureText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=-(-pictures.MAX_PICTURE_BYTES // 3) * 4,
        description="JPEG 或 PNG 的 Base64，至多 1 MiB / base64 of a JPEG or PNG of at most 1 MiB",
    ),
]
_REFUSALS = (
    NotFound,
    errors.PictureUnfit,
    errors.DocumentUnreadable,
    errors.IdentityTriesExhausted,
    errors.IdentityProviderUnavailable,
    TryAgain,
    OutcomeUnknown,
)


class DocumentPicture(Body):
    """The picture of an identity document: the side with name and number."""

    picture: _PictureText


class DocumentTextView(View):
    """What stands on the document, as far as verification asks for it."""

    name: fields.PersonName
    document_kind: str
    document_number: str


@api.operation(
    "POST",
    "/v1/identity-verifications/document",
    zh="识别证件照片：供本人核对后用于实名认证，照片不留存",
    en="Read the picture of a document, to be looked over and verified with; the picture is not kept",
    auth=identity.checks_session,
    entitlement=entitlements.IDENTITY_VERIFY,
    body=DocumentPicture,
    answer=DocumentTextView,
    refusals=_REFUSALS,
    max_body_bytes=MAX_BODY_BYTES,
)
def read_picture(call: Call) -> DocumentTextView:
    """OCR of an identity document (XJ-3.4)."""
    picture = pictures.picture_of(call.json(DocumentPicture).picture)
    found = read_document(call.caller, picture, clock.now())
    return DocumentTextView(name=found.name, document_kind=found.document.kind, document_number=found.document.number)


class FacePictures(Body):
    """The document on file, and the face of who says to be its holder."""

    document: _PictureText
    face: _PictureText


class FaceView(View):
    """The face was found to be that of the document on file."""

    at: fields.Timestamp
    provider: str


@api.operation(
    "POST",
    "/v1/identity-verifications/face",
    zh="人脸与本人证件比对，须先通过实名认证；照片不留存",
    en="Compare a face with one's own document, once name and number are verified; no picture is kept",
    auth=identity.checks_session,
    entitlement=entitlements.IDENTITY_VERIFY,
    body=FacePictures,
    answer=FaceView,
    refusals=(*_REFUSALS, errors.IdentityUnverified, errors.FaceNotMatched),
    max_body_bytes=MAX_BODY_BYTES,
)
def compare_pictures(call: Call) -> FaceView:
    """Face comparison (XJ-3.4)."""
    body = call.json(FacePictures)
    document, face = pictures.picture_of(body.document), pictures.picture_of(body.face)
    match = compare_face(call.caller, document, face, clock.now())
    return FaceView(at=match.at, provider=match.provider)
