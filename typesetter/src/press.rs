//! The press: a world with one template, one file of facts and the typefaces, and nothing else.

use std::sync::LazyLock;

use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult, SourceDiagnostic, Warned},
    foundations::{Bytes, Datetime, Duration, Smart},
    layout::{Frame, FrameItem},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::Proof;

include!(concat!(env!("OUT_DIR"), "/faces.rs"));

/// The typefaces that were built in.
pub(crate) fn faces() -> &'static [&'static [u8]] {
    FACES
}

/// What all templates share, before each of them.
const SHARED: &str = include_str!("../templates/shared.typ");

pub(crate) fn template(name: &str) -> Option<&'static str> {
    match name {
        "contract" => Some(include_str!("../templates/contract.typ")),
        "return_note" => Some(include_str!("../templates/return_note.typ")),
        "slip" => Some(include_str!("../templates/slip.typ")),
        _ => None,
    }
}

/// A document as it was set.
pub(crate) struct Sheet {
    pub(crate) pdf: Vec<u8>,
    /// The words of every page, for whoever proves a document without a viewer.
    pub(crate) text: String,
    pub(crate) proof: Proof,
}

/// Sets one document. The same facts give the same bytes: no clock is read and nothing is drawn by lot.
pub(crate) fn set(template: &str, lang: &str, facts: Vec<u8>) -> Result<Sheet, String> {
    let press = Press::with(format!("{SHARED}\n{template}"), facts)?;
    let Warned { output, warnings } = typst::compile::<PagedDocument>(&press);
    let document = output.map_err(|errors| told(&errors))?;
    let options = PdfOptions {
        ident: Smart::Custom(format!("freshet {lang} {}", typst::utils::hash128(&press.facts))),
        creator: Smart::Custom(Some("Freshet".to_owned())),
        ..PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| told(&errors))?;
    let mut proof = Proof {
        missing: String::new(),
        warnings: warnings.iter().map(|warning| warning.message.to_string()).collect(),
        pages: document.pages().len(),
    };
    let mut text = String::new();
    for page in document.pages() {
        read(&page.frame, &mut text, &mut proof.missing);
        text.push('\u{c}');
    }
    Ok(Sheet { pdf, text, proof })
}

/// Collects the words of a frame, and the characters that were set as an empty box.
fn read(frame: &Frame, text: &mut String, missing: &mut String) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => read(&group.frame, text, missing),
            FrameItem::Text(run) => {
                text.push_str(&run.text);
                text.push('\n');
                for glyph in run.glyphs.iter().filter(|glyph| glyph.id == 0) {
                    missing.push_str(run.text.get(glyph.range()).unwrap_or_default());
                }
            }
            FrameItem::Shape(..) | FrameItem::Image(..) | FrameItem::Link(..) | FrameItem::Tag(_) => {}
        }
    }
}

fn told(errors: &[SourceDiagnostic]) -> String {
    let said: Vec<String> = errors
        .iter()
        .map(|error| {
            let hints: String = error.hints.iter().map(|hint| format!(" ({})", hint.v)).collect();
            format!("{}{hints}", error.message)
        })
        .collect();
    said.join("; ")
}

static FONTS: LazyLock<Vec<Font>> =
    LazyLock::new(|| FACES.iter().flat_map(|face| Font::iter(Bytes::new(*face))).collect());

struct Press {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    main: FileId,
    source: Source,
    facts_at: FileId,
    facts: Vec<u8>,
}

impl Press {
    fn with(source: String, facts: Vec<u8>) -> Result<Self, String> {
        let (main, facts_at) = (file("main.typ")?, file("facts.json")?);
        Ok(Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(FONTS.iter())),
            main,
            source: Source::new(main, source),
            facts_at,
            facts,
        })
    }
}

fn file(name: &str) -> Result<FileId, String> {
    let path = VirtualPath::new(name).map_err(|_| format!("{name} is no path"))?;
    Ok(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
}

impl World for Press {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main { Ok(self.source.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.facts_at { Ok(Bytes::new(self.facts.clone())) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.get(index).cloned()
    }

    /// A document bears the date of its facts, never that of its printing.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
