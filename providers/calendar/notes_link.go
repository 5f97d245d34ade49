package calendar

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// isAddress reports whether a link to href that reads as text says no more than its
// text alone, so that every program makes the same link of that text:
//
//   - the text is the address, spelled as it is or with its escapes (ä for %C3%A4);
//   - it is, but for the slash that browsers put behind a bare host;
//   - it begins with "www." and the address is that with "http://" before it;
//   - it is the mail address of a "mailto:" that has nothing else (no subject).
//
// In doubt the link stays: "x.test" is no link to many programs, "www.x.test" leads to
// http and not to https, a slash behind a path may lead elsewhere, and text with white
// space in it is none.
func isAddress(text, href string) bool {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsFunc(text, unicode.IsSpace) {
		return false
	}
	if mail, ok := strings.CutPrefix(href, "mailto:"); ok {
		return text == href || text == mail
	}
	if strings.HasPrefix(text, "www.") {
		text = "http://" + text
	}
	if text == href {
		return true
	}
	if !strings.HasPrefix(text, "http") { // most links: words
		return false
	}
	shown, err := url.Parse(text)
	if err != nil || shown.Host == "" {
		return false
	}
	target, err := url.Parse(href)
	if err != nil {
		return false
	}
	for _, u := range []*url.URL{shown, target} {
		if u.Path == "" {
			u.Path = "/"
		}
	}
	return shown.String() == target.String()
}

// showsAddress reports whether there is a link in canonical notes that is no more than
// its text.
func (n Notes) showsAddress() bool {
	for rest := n.HTML; ; {
		_, link, found := strings.Cut(rest, `<a href="`)
		if !found {
			return false
		}
		link, rest, _ = strings.Cut(link, "</a>")
		href, words, _ := strings.Cut(link, `">`)
		if isAddress(textOfHTML(words), html.UnescapeString(href)) {
			return true
		}
	}
}

// textOfHTML is the text of canonical HTML, without its tags.
func textOfHTML(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return s
	}
	var b strings.Builder
	for text := range strings.SplitSeq(strings.ReplaceAll(s, "<br>", "\n"), "<") {
		if _, after, tag := strings.Cut(text, ">"); tag { // in canonical text there is no bare one
			text = after
		}
		b.WriteString(text)
	}
	return html.UnescapeString(b.String())
}
