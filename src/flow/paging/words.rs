//! The words in which APIs say whether there are more pages. They are read from public documents; a name counts in any
//! case and with any separators.
//!
//! A word that could mean something else, such as `total` or `done`, counts only beside other words about pages: in an
//! object named after pages, or next to a page number or a limit.

/// The meaning of a member of a page, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The address, cursor or number of the next page. Empty, there is none.
    Next,
    /// A cursor that another request repeats.
    Cursor,
    /// A cursor that says nothing by itself: the last page has one too.
    EndCursor,
    /// True if there are more pages.
    More,
    /// True if this page is the last.
    Last,
    /// How many pages there are.
    Pages,
    /// The number of the last page.
    LastPage,
    /// How many rows there are in all pages.
    Total,
    /// Perhaps one of the above: it counts only beside other words about pages.
    Perhaps(Perhaps),
    /// How many rows a page has at most.
    Limit,
    /// Where this page is.
    Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Perhaps {
    More,
    Last,
    Pages,
    Total,
    Count,
    Limit,
}

/// Returns a name in lower case, with its letters and digits only.
pub fn plain(name: &str) -> String {
    let name = name.strip_prefix("@odata").or_else(|| name.strip_prefix("odata.")).unwrap_or(name);
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Returns `true` for the name of an object that is about pages.
pub fn is_about_pages(name: &str) -> bool {
    let name = plain(name);
    let words = ["paging", "pagination", "pageinfo", "pager", "resultinfo", "additionaldata", "responsemetadata"];
    words.iter().any(|word| name.contains(word))
        || matches!(name.as_str(), "page" | "pages" | "pageable" | "meta" | "metadata" | "info" | "cursor" | "cursors")
}

/// Returns `true` for an object that only holds others.
pub fn is_wrapper(name: &str) -> bool {
    matches!(plain(name).as_str(), "d" | "response" | "body" | "payload" | "links" | "link" | "summary" | "search")
}

/// Returns `true` for a list that is not the rows, whatever it holds, and for an object with such lists.
pub fn is_beside_rows(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "included"
            | "includes"
            | "errors"
            | "warnings"
            | "messages"
            | "links"
            | "link"
            | "facets"
            | "facet"
            | "filters"
            | "filter"
            | "aggregations"
            | "aggs"
            | "fields"
            | "columns"
            | "schema"
            | "meta"
    )
}

/// Returns `true` for a name that lists of rows have in many APIs.
pub fn is_for_rows(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "data"
            | "items"
            | "item"
            | "results"
            | "result"
            | "rows"
            | "records"
            | "value"
            | "values"
            | "entries"
            | "entry"
            | "elements"
            | "objects"
            | "content"
            | "hits"
            | "list"
            | "nodes"
            | "edges"
            | "resources"
            | "documents"
            | "docs"
            | "collection"
            | "entities"
            | "members"
    )
}

/// Returns `true` for a parameter that says where a page begins: a walk that is given one need not begin at the start.
pub fn begins_later(name: &str) -> bool {
    // `page[number]` and `$skip` count too.
    matches!(Word::of_name(&plain(name)), Some(Word::Position | Word::Cursor | Word::Next))
        || matches!(
            plain(name).as_str(),
            "after"
                | "since"
                | "sinceid"
                | "maxid"
                | "marker"
                | "pagetoken"
                | "pageinfo"
                | "startingafter"
                | "startcursor"
                | "bookmark"
                | "skiptoken"
                | "pagecursor"
                | "pageafter"
                | "continuation"
        )
}

impl Word {
    /// Reads the last name of a path. `href`, `url` and `link` are about the name before.
    pub fn of(path: &[String]) -> Option<Self> {
        let (name, above) = path.split_last()?;
        let name = plain(name);
        match above.last().and_then(|above| Self::of_name(&plain(above))) {
            Some(Self::Next) if matches!(name.as_str(), "href" | "url" | "link" | "uri") => Some(Self::Next),
            Some(Self::Next) if matches!(name.as_str(), "after" | "cursor" | "token") => Some(Self::Cursor),
            _ => Self::of_name(&name),
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "next" | "nextpage" | "nextlink" | "nexturl" | "nexturi" | "nexthref" | "nextpath" | "nextpageurl"
            | "nextpagelink" | "nextpageuri" | "nextpagepath" | "nextrecordsurl" => Self::Next,
            "nextpagetoken"
            | "nexttoken"
            | "nextcursor"
            | "nextcursorstr"
            | "nextpagecursor"
            | "nextpageinfo"
            | "nextcontinuationtoken"
            | "continuationtoken"
            | "nextmarker"
            | "nextoffset"
            | "nextpageid"
            | "nextstart"
            | "nextstartindex"
            | "nextposition"
            | "nextid"
            | "cursor"
            | "bookmark" => Self::Cursor,
            "endcursor" => Self::EndCursor,
            "hasmore"
            | "hasnextpage"
            | "hasnext"
            | "hasmoreitems"
            | "hasmorepages"
            | "hasmoreresults"
            | "hasmorerecords"
            | "hasmoredata"
            | "morerecords"
            | "moreresults"
            | "moreitems"
            | "moreavailable"
            | "moreitemsincollection"
            | "hasadditionalpages"
            | "istruncated" => Self::More,
            "islast" | "islastpage" | "endofstream" | "nomore" | "nomorepages" => Self::Last,
            "totalpages" | "totalpage" | "totalpagecount" | "pagecount" | "pagescount" | "numpages" | "nbpages"
            | "numberofpages" | "pagetotal" | "pagestotal" => Self::Pages,
            "lastpage" => Self::LastPage,
            "totalcount" | "totalresults" | "totalitems" | "totalsize" | "totalrecords" | "totalelements"
            | "totalrows" | "totalhits" | "totalentries" | "totalobjects" | "totalnumber" | "nbhits" => Self::Total,
            "more" => Self::Perhaps(Perhaps::More),
            "last" | "done" => Self::Perhaps(Perhaps::Last),
            "pages" => Self::Perhaps(Perhaps::Pages),
            "total" => Self::Perhaps(Perhaps::Total),
            "count" => Self::Perhaps(Perhaps::Count),
            "size" => Self::Perhaps(Perhaps::Limit),
            "limit" | "perpage" | "pagesize" | "pagelimit" | "itemsperpage" | "resultsperpage" | "rowsperpage"
            | "maxresults" | "pagemax" => Self::Limit,
            "page" | "offset" | "skip" | "start" | "startat" | "startindex" | "currentpage" | "pagenumber"
            | "pageindex" | "pagenum" | "number" | "previous" | "prev" | "previouspage" | "prevpage" | "first"
            | "pageoffset" => Self::Position,
            _ => return None,
        })
    }
}
