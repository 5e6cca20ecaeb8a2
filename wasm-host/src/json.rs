//! Descriptions on their way to JavaScript, as JSON.
//!
//! What JavaScript parses has properties of its own only. An array or object that is filled element by
//! element would call the setters that the page may have given `Array.prototype`, while this module
//! is on the stack.

use core::fmt::{self, Display, Write};

/// A list of descriptions, `[a,b,c]`.
#[derive(Default)]
pub(crate) struct List(String);

impl List {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With one more: a number, a boolean or a list, or `null` where there is none.
    pub(crate) fn with(mut self, item: impl Into<Item>) -> Self {
        self.add(&item.into().0);
        self
    }

    /// With one more: text, or `null` where there is none.
    pub(crate) fn with_text<'a>(mut self, text: impl Into<Option<&'a str>>) -> Self {
        match text.into() {
            Some(text) => self.add(&Text(text)),
            None => self.add(&"null"),
        }
        self
    }

    fn add(&mut self, item: &dyn Display) {
        let separator = if self.0.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _written = write!(self.0, "{separator}{item}");
    }
}

impl Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

impl<'a> FromIterator<&'a str> for List {
    fn from_iter<T: IntoIterator<Item = &'a str>>(texts: T) -> Self {
        texts.into_iter().fold(Self::new(), Self::with_text)
    }
}

impl FromIterator<Self> for List {
    fn from_iter<T: IntoIterator<Item = Self>>(lists: T) -> Self {
        lists.into_iter().fold(Self::new(), Self::with)
    }
}

/// What JSON needs no quotes for.
pub(crate) struct Item(String);

macro_rules! items {
    ($($ty:ty)*) => {
        $(impl From<$ty> for Item {
            fn from(item: $ty) -> Self {
                Self(item.to_string())
            }
        })*
    };
}

items! { List bool f64 u32 u64 usize }

impl<T: Into<Self>> From<Option<T>> for Item {
    fn from(item: Option<T>) -> Self {
        item.map_or_else(|| Self("null".to_owned()), Into::into)
    }
}

/// Text in quotes.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                '\0'..='\x1f' => write!(f, "\\u{:04x}", u32::from(character))?,
                _ => f.write_char(character)?,
            }
        }
        f.write_char('"')
    }
}
