package graphsim

import (
	"html"
	"regexp"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const metaLine = `<meta http-equiv="Content-Type" content="text/html; charset=utf-8">`

// wrapText is how Exchange stores a text body: as HTML of its own making
// (microsoftgraph/microsoft-graph-docs#8215).
func wrapText(text string) string {
	if text == "" {
		return ""
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	lines := strings.ReplaceAll(html.EscapeString(text), "\n", "<br>\r\n")
	return "<html>\r\n<head>\r\n" + metaLine + "\r\n" +
		`<meta name="Generator" content="Microsoft Exchange Server">` + "\r\n<!-- converted from text -->\r\n" +
		"<style><!-- .EmailQuote { margin-left: 1pt; padding-left: 4pt; border-left: #800000 2px solid; } --></style>\r\n" +
		"</head>\r\n<body>\r\n" + `<font size="2"><span style="font-size:11pt;"><div class="PlainText">` + lines +
		"</div></span></font>\r\n</body>\r\n</html>\r\n"
}

// wrapHTML is how Exchange stores an HTML body: sanitised, in a document of its
// own, with CRLF line ends.
func wrapHTML(src string) string {
	if strings.TrimSpace(src) == "" {
		return ""
	}
	doc, err := nethtml.Parse(strings.NewReader(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(src)))
	if err != nil { // the parser takes everything; only a reader can fail
		return wrapText(src)
	}
	sanitise(doc)
	head, body := find(doc, atom.Head), find(doc, atom.Body)
	var h, b strings.Builder
	for n := range children(head) {
		if n.Type == nethtml.ElementNode && n.DataAtom == atom.Meta && attr(n, "http-equiv") != "" {
			continue // it gets the service's own
		}
		if n.Type == nethtml.TextNode && strings.TrimSpace(n.Data) == "" {
			continue
		}
		_ = nethtml.Render(&h, n)
		h.WriteString("\n")
	}
	for n := range children(body) {
		_ = nethtml.Render(&b, n)
	}
	out := "<html>\n<head>\n" + metaLine + "\n" + h.String() + "</head>\n<body" + attrs(body) + ">\n" +
		strings.Trim(b.String(), "\n") + "\n</body>\n</html>\n"
	return strings.ReplaceAll(void.ReplaceAllString(out, "<$1$2>"), "\n", "\r\n")
}

// void finds elements without an end, which the renderer closes in XML's way.
var void = regexp.MustCompile(`<(br|hr|img|meta|col|wbr|area)((?: [^<>]*?)?)/>`)

// dropped elements do not survive storing, with all that is in them.
var dropped = map[atom.Atom]bool{
	atom.Script: true, atom.Iframe: true, atom.Object: true, atom.Embed: true, atom.Applet: true, atom.Noscript: true,
	atom.Form: true, atom.Input: true, atom.Button: true, atom.Link: true, atom.Base: true, atom.Title: true,
}

// sanitise removes scripts and what can carry one.
func sanitise(n *nethtml.Node) {
	for ch := n.FirstChild; ch != nil; {
		next := ch.NextSibling
		if ch.Type == nethtml.ElementNode && dropped[ch.DataAtom] {
			n.RemoveChild(ch)
		} else {
			sanitise(ch)
		}
		ch = next
	}
	kept := n.Attr[:0]
	for _, a := range n.Attr {
		value := strings.ToLower(strings.TrimSpace(a.Val))
		unsafe := strings.HasPrefix(a.Key, "on") || strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "vbscript:") ||
			a.Key == "style" && (strings.Contains(value, "expression(") || strings.Contains(value, "position"))
		if !unsafe {
			kept = append(kept, a)
		}
	}
	n.Attr = kept
}

func find(n *nethtml.Node, a atom.Atom) *nethtml.Node {
	for d := range n.Descendants() {
		if d.Type == nethtml.ElementNode && d.DataAtom == a {
			return d
		}
	}
	return nil
}

func children(n *nethtml.Node) func(func(*nethtml.Node) bool) {
	return func(yield func(*nethtml.Node) bool) {
		if n == nil {
			return
		}
		for ch := range n.ChildNodes() {
			if !yield(ch) {
				return
			}
		}
	}
}

func attr(n *nethtml.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func attrs(n *nethtml.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	for _, a := range n.Attr {
		b.WriteString(" " + a.Key + `="` + html.EscapeString(a.Val) + `"`)
	}
	return b.String()
}

// blocks end a line of text.
var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Li: true, atom.Tr: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.Table: true, atom.Ul: true, atom.Ol: true,
}

// toText is the service's own conversion, lossy as it is: a link becomes
// text<address>, and a line end stands at the end.
func toText(stored string) string {
	if stored == "" {
		return ""
	}
	doc, err := nethtml.Parse(strings.NewReader(stored))
	if err != nil {
		return ""
	}
	var b strings.Builder
	var walk func(*nethtml.Node)
	walk = func(n *nethtml.Node) {
		if n.Type == nethtml.TextNode {
			b.WriteString(strings.NewReplacer("\r", "", "\n", "").Replace(n.Data))
			return
		}
		if n.DataAtom == atom.Style || n.DataAtom == atom.Head {
			return
		}
		if n.DataAtom == atom.Br {
			b.WriteString("\r\n")
		}
		for ch := range n.ChildNodes() {
			walk(ch)
		}
		if n.DataAtom == atom.A && attr(n, "href") != "" {
			b.WriteString("<" + attr(n, "href") + ">")
		}
		if blocks[n.DataAtom] && !strings.HasSuffix(b.String(), "\r\n") {
			b.WriteString("\r\n")
		}
	}
	walk(doc)
	text := strings.ReplaceAll(b.String(), "\u00a0", " ")
	if text != "" && !strings.HasSuffix(text, "\r\n") {
		text += "\r\n"
	}
	return text
}

// preview is bodyPreview: the first 255 characters of the text.
func preview(stored string) string {
	r := []rune(strings.TrimSpace(toText(stored)))
	return string(r[:min(len(r), 255)])
}
