//! Macros that make a field and its row from one entry.

/// Declares a struct of a definition together with its rows.
///
/// ```ignore
/// keys! {
///     /// RFC 7009.
///     #[derive(Default)]
///     pub struct Revoke {
/// A `Departure<String>`, which the file imports; `rfc` names the default.
///         departure url: String { help: "…", rfc: "…", example: "\"https://…\"" }
/// A plain value: `absent` names the default, or `required`; `by` names the function that makes the value.
///         key size: u64 { help: "…", absent: "100" by "hundred", example: "100" }
///     }
/// }
/// ```
macro_rules! keys {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident { beside { $($beside:tt)* } $($keys:tt)* }
    ) => {
        $crate::provider::keys::keys! { @ [$(#[$meta])* $Name] [$($beside)*] [] $($keys)* }
    };
    ($(#[$meta:meta])* pub struct $Name:ident { $($keys:tt)* }) => {
        $crate::provider::keys::keys! { @ [$(#[$meta])* $Name] [] [] $($keys)* }
    };
    (@ $head:tt [$($fields:tt)*] [$($rows:tt)*]
        departure $name:ident: $ty:ty { help: $help:literal, rfc: $rfc:literal $(, example: $example:literal)? $(,)? }
        $($rest:tt)*
    ) => {
        $crate::provider::keys::keys! { @ $head
            [$($fields)*
                #[doc = $help]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $name: Departure<$ty>,
            ]
            [$($rows)* $crate::provider::keys::Key::new(
                stringify!($name),
                <Departure<$ty> as $crate::provider::keys::Keyed>::FORM,
                $help,
                $crate::provider::keys::Absent::Rfc($rfc),
                concat!($($example)?),
            ),]
            $($rest)*
        }
    };
    (@ $head:tt [$($fields:tt)*] [$($rows:tt)*]
        $(#[$meta:meta])*
        key $name:ident $(as $written:literal)?: $ty:ty {
            help: $help:literal, required $(, example: $example:literal)? $(,)?
        }
        $($rest:tt)*
    ) => {
        $crate::provider::keys::keys! { @ $head
            [$($fields)*
                #[doc = $help]
                $(#[$meta])*
                #[serde($(rename = $written)?)]
                pub $name: $ty,
            ]
            [$($rows)* $crate::provider::keys::Key::new(
                $crate::provider::keys::name(stringify!($name), &[$($written)?]),
                <$ty as $crate::provider::keys::Keyed>::FORM,
                $help,
                $crate::provider::keys::Absent::Refused,
                concat!($($example)?),
            ),]
            $($rest)*
        }
    };
    (@ $head:tt [$($fields:tt)*] [$($rows:tt)*]
        $(#[$meta:meta])*
        key $name:ident: $ty:ty {
            help: $help:literal, absent: $absent:literal $(by $value:literal)? $(, example: $example:literal)? $(,)?
        }
        $($rest:tt)*
    ) => {
        $crate::provider::keys::keys! { @ $head
            [$($fields)*
                #[doc = $help]
                $(#[$meta])*
                #[serde(default $(= $value)?)]
                pub $name: $ty,
            ]
            [$($rows)* $crate::provider::keys::Key::new(
                stringify!($name),
                <$ty as $crate::provider::keys::Keyed>::FORM,
                $help,
                $crate::provider::keys::Absent::Otherwise($absent),
                concat!($($example)?),
            ),]
            $($rest)*
        }
    };
    (@ [$(#[$meta:meta])* $Name:ident] [$($fields:tt)*] [$($rows:tt)*]) => {
        $(#[$meta])*
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Name { $($fields)* }

        impl $Name {
            /// The rows of its keys, in their order.
            pub const KEYS: &'static [$crate::provider::keys::Key] = &[$($rows)*];
        }

        impl $crate::provider::keys::Keyed for $Name {
            const FORM: $crate::provider::keys::Form = $crate::provider::keys::Form::Table(Self::KEYS);
        }
    };
    (@ $head:tt $fields:tt $rows:tt $($rest:tt)+) => {
        compile_error!(concat!(
            "a key has its row: `{ help: …, rfc: … or absent: … or required, example: … }`, here: ",
            stringify!($($rest)+)
        ));
    };
}

/// Declares an enum whose tag is in the same table as the keys of each kind, together with their rows.
macro_rules! kinds {
    (
        $(#[$meta:meta])*
        pub enum $Name:ident by $tag:literal {
            bare { $($Bare:ident = $bare:literal { help: $bare_help:literal })* }
            keyed {
                $($Kind:ident = $word:literal { help: $kind_help:literal }
                {
                    $($key:ident: $ty:ty {
                        help: $help:literal $(, absent: $absent:literal $(by $value:literal)?)?, example: $example:literal
                    })*
                })*
            }
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(tag = $tag, deny_unknown_fields)]
        pub enum $Name {
            $(
                #[doc = $bare_help]
                #[serde(rename = $bare)]
                $Bare,
            )*
            $(
                #[doc = $kind_help]
                #[serde(rename = $word)]
                $Kind {
                    $(
                        #[doc = $help]
                        $(#[serde(default $(= $value)?)] #[doc = concat!("\n\nDefault: ", $absent, ".")])?
                        $key: $ty,
                    )*
                },
            )*
        }

        impl $crate::provider::keys::Keyed for $Name {
            const FORM: $crate::provider::keys::Form = $crate::provider::keys::Form::Kinds {
                tag: $tag,
                kinds: &[
                    $($crate::provider::keys::Kind { name: $bare, help: $bare_help, keys: &[] },)*
                    $($crate::provider::keys::Kind {
                        name: $word,
                        help: $kind_help,
                        keys: &[$($crate::provider::keys::Key::new(
                            stringify!($key),
                            <$ty as $crate::provider::keys::Keyed>::FORM,
                            $help,
                            $crate::provider::keys::absent(&[$($absent)?]),
                            $example,
                        ),)*],
                    },)*
                ],
            };
        }
    };
}

/// Gives enums of plain words their form.
macro_rules! words {
    ($($Type:ty),* $(,)?) => {
        $(impl $crate::provider::keys::Keyed for $Type {
            const FORM: $crate::provider::keys::Form =
                $crate::provider::keys::Form::Word($crate::provider::keys::words::<$Type>);
        })*
    };
}

pub(in crate::provider) use {keys, kinds, words};
