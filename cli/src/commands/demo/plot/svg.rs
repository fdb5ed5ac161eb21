//! Writing SVG: as much of it as the plot takes.

use std::fmt::{Display, Write};

/// A drawing.
#[derive(Debug)]
pub(super) struct Svg(String);

/// Where a text stands at its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// An empty drawing of this size, with a title and a description for who does not see it.
    pub(super) fn new((width, height): (f64, f64), title: &str, description: &str) -> Self {
        let mut svg = Self(String::new());
        svg.line(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"title description\" \
             font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\">"
        ));
        svg.line(&format!("<title id=\"title\">{}</title>", escaped(title)));
        svg.line(&format!("<desc id=\"description\">{}</desc>", escaped(description)));
        svg
    }

    /// An element with its attributes and nothing in it.
    pub(super) fn element(&mut self, name: &str, attributes: &[(&str, &dyn Display)]) {
        let open = opened(name, attributes);
        self.line(&format!("{open}/>"));
    }

    /// A line through points.
    pub(super) fn path(&mut self, points: &[(f64, f64)], attributes: &[(&str, &dyn Display)]) {
        let points = joined(points);
        let all: Vec<_> = [("points", &points as &dyn Display)].iter().chain(attributes).copied().collect();
        self.element("polyline", &all);
    }

    /// An area within points.
    pub(super) fn area(&mut self, points: &[(f64, f64)], attributes: &[(&str, &dyn Display)]) {
        let points = joined(points);
        let all: Vec<_> = [("points", &points as &dyn Display)].iter().chain(attributes).copied().collect();
        self.element("polygon", &all);
    }

    /// A text.
    pub(super) fn text(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        text: &str,
        attributes: &[(&str, &dyn Display)],
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (Place(x), Place(y));
        let place: [(&str, &dyn Display); 3] = [("x", &x), ("y", &y), ("text-anchor", &anchor)];
        let all: Vec<_> = place.iter().chain(attributes).copied().collect();
        let open = opened("text", &all);
        self.line(&format!("{open}>{}</text>", escaped(text)));
    }

    /// The whole drawing.
    pub(super) fn finish(mut self) -> String {
        self.line("</svg>");
        self.0
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

/// A place, to a tenth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(pub(super) f64);

impl Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1}", self.0)
    }
}

fn joined(points: &[(f64, f64)]) -> String {
    let points = points.iter().map(|(x, y)| format!("{},{}", Place(*x), Place(*y)));
    points.collect::<Vec<_>>().join(" ")
}

/// An element up to where it is closed.
fn opened(name: &str, attributes: &[(&str, &dyn Display)]) -> String {
    let mut out = format!("<{name}");
    for (key, value) in attributes {
        // Writing to a string does not fail.
        let _ = write!(out, " {key}=\"{}\"", escaped(&value.to_string()));
    }
    out
}

/// A text without what XML reads as its own.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_written() {
        let mut svg = Svg::new((20.0, 10.0), "S&P", "a < b");
        svg.path(&[(0.0, 1.0), (2.25, -3.0)], &[("stroke", &"red")]);
        svg.text((1.0, 2.0), Anchor::End, "\"5\" > 4", &[]);
        let text = svg.finish();
        for part in [
            "viewBox=\"0 0 20 10\"",
            "<title id=\"title\">S&amp;P</title>",
            "<desc id=\"description\">a &lt; b</desc>",
            "<polyline points=\"0.0,1.0 2.2,-3.0\" stroke=\"red\"/>",
            "<text x=\"1.0\" y=\"2.0\" text-anchor=\"end\">&quot;5&quot; &gt; 4</text>",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.ends_with("</svg>\n"));
    }
}
