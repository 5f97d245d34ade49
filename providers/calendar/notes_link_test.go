package calendar

import (
	"strings"
	"testing"
)

func TestLinksThatShowTheirAddress(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"as it is":                     {`<a href="https://x.test/a">https://x.test/a</a>`, "https://x.test/a"},
		"with white space around":      {`see<a href="https://x.test/a"> https://x.test/a </a>now`, "see https://x.test/a now"},
		"with a query":                 {`<a href="https://x.test/a?b=1&amp;c=2">https://x.test/a?b=1&amp;c=2</a>`, "https://x.test/a?b=1&amp;c=2"},
		"unescaped":                    {`<a href="https://x.test/%C3%A4">https://x.test/ä</a>`, "https://x.test/ä"},
		"formatted":                    {`<b>a <a href="https://x.test/a"><i>https://x.test/a</i></a></b>`, "<b>a <i>https://x.test/a</i></b>"},
		"in two parts":                 {`<a href="https://x.test/a">https://x.test/</a><a href="https://x.test/a"><b>a</b></a>`, "https://x.test/<b>a</b>"},
		"a host without its slash":     {`<a href="https://x.test/">https://x.test</a>`, "https://x.test"},
		"a host with one more":         {`<a href="https://x.test">https://x.test/</a>`, "https://x.test/"},
		"www":                          {`<a href="http://www.x.test/a">www.x.test/a</a>`, "www.x.test/a"},
		"www of a host":                {`<a href="http://www.x.test/">www.x.test</a>`, "www.x.test"},
		"a mail address":               {`<a href="mailto:a@x.test">a@x.test</a>`, "a@x.test"},
		"a mail address with scheme":   {`<a href="mailto:a@x.test">mailto:a@x.test</a>`, "mailto:a@x.test"},
		"no: words":                    {`<a href="https://x.test/a">here</a>`, ""},
		"no: more than the address":    {`<a href="https://x.test/a">https://x.test/a now</a>`, ""},
		"no: another address":          {`<a href="https://evil.test/">https://x.test/</a>`, ""},
		"no: a slash behind a path":    {`<a href="https://x.test/a/">https://x.test/a</a>`, ""},
		"no: https behind www":         {`<a href="https://www.x.test/a">www.x.test/a</a>`, ""},
		"no: a host without www":       {`<a href="http://x.test/a">x.test/a</a>`, ""},
		"no: a mail with a subject":    {`<a href="mailto:a@x.test?subject=b">a@x.test</a>`, ""},
		"no: a telephone without tel:": {`<a href="tel:+4930123">+4930123</a>`, ""},
	} {
		if strings.HasPrefix(name, "no: ") {
			c.want = c.in
		}
		n := NotesFromHTML(c.in)
		if n.HTML != c.want {
			t.Errorf("%s: got %q, want %q", name, n.HTML, c.want)
		}
		if again := NotesFromHTML(n.HTML); again != n {
			t.Errorf("%s: once %q, twice %q", name, n.HTML, again.HTML)
		}
	}
}

// Nothing that runs, loads or tells somebody that the notes were read is ever copied.
func TestNothingLiveSurvives(t *testing.T) {
	for name, in := range map[string]string{
		"a tracking pixel":          `a<img src="https://t.test/p.gif" width=1 height=1 onerror="x()">b`,
		"a picture":                 `a<picture><source srcset="https://t.test/p"><img src="data:image/gif;base64,R0"></picture>b`,
		"a script":                  `a<script src="https://t.test/x.js">alert(1)</script>b`,
		"a script in a script":      `a<scr<script>x</script>ipt>alert(1)</script>b`,
		"a style":                   `a<style>p{background:url(https://t.test/p)}</style>b`,
		"a style with an import":    `<head><style>@import "https://t.test/x";</style></head>ab`,
		"CSS on an element":         `<b style="background:url(https://t.test/p)">a</b><p style="behavior:url(https://t.test)">b`,
		"an old background":         `<table background="https://t.test/p"><tr><td background="https://t.test/p">ab</table>`,
		"a handler":                 `<b onclick="x()" onmouseover=x()>ab</b>`,
		"a javascript link":         `<a href="javascript:alert(1)">ab</a>`,
		"disguised":                 "<a href=\" JaVa\tScRiPt&#58;alert(1)\">ab</a>",
		"a vbscript link":           `<a href="vbscript:x">ab</a>`,
		"a data link":               `<a href="data:text/html;base64,PHNjcmlwdD4=">ab</a>`,
		"a file link":               `<a href="file://t.test/share">ab</a>`,
		"a link that tells":         `<a href="https://x.test/" ping="https://t.test/p" onclick="x()" target="_blank">ab</a>`,
		"a drawing":                 `a<svg onload="x()"><image href="https://t.test/p"/><script>x</script></svg>b`,
		"a formula":                 `a<math><mtext><img src="https://t.test/p"></mtext></math>b`,
		"a frame":                   `a<iframe src="https://t.test/"></iframe>b`,
		"a frame with its document": `a<iframe srcdoc="<script>alert(1)</script>"></iframe>b`,
		"an object":                 `a<object data="https://t.test/"><embed src="https://t.test/"></object>b`,
		"a form":                    `<form action="https://t.test/"><input type=image src="https://t.test/p">ab<button formaction="https://t.test/"></button></form>`,
		"a refresh":                 `<meta http-equiv="refresh" content="0;url=https://t.test/">ab`,
		"a base":                    `<base href="https://t.test/">ab`,
		"a style sheet":             `<link rel="stylesheet" href="https://t.test/x.css">ab`,
		"sound and film":            `a<audio src="https://t.test/p" autoplay></audio><video poster="https://t.test/p"></video>b`,
		"a comment":                 `a<!-- <img src="https://t.test/p"> -->b`,
		"a comment of Outlook":      `a<!--[if mso]><v:imagedata src="https://t.test/p"/><![endif]-->b`,
		"a template":                `a<template><img src="https://t.test/p"></template>b`,
		"no script":                 `a<noscript><img src="https://t.test/p"></noscript>b`,
	} {
		n := NotesFromHTML(in)
		low := strings.ToLower(n.HTML)
		for _, live := range []string{"t.test", "script", "<img", "<s", "<v", "<o", "<f", "<m", "<!", "on", "style", "url(", "data:", "file:", "import"} {
			if strings.Contains(low, live) {
				t.Errorf("%s: %q in %q", name, live, n.HTML)
			}
		}
		// Nor may it cost the text around it.
		if text := strings.Join(strings.Fields(n.Text()), ""); !strings.HasPrefix(text, "a") || !strings.Contains(text, "b") {
			t.Errorf("%s: the text is %q", name, text)
		}
	}
}

// Behind each line of a mail is a link that shows its address, as mail programs make them.
func BenchmarkNotesFromHTML(b *testing.B) {
	for name, link := range map[string]string{"bare links": "https://x.test/join?id=1", "named links": "Join"} {
		body := "<html><head><style>p{}</style></head><body>" + strings.Repeat(
			`<div class="PlainText"><font size="2"><span>Bring the <b>plan</b> &amp; the keys.</span></font> <a href="https://x.test/join?id=1">`+link+`</a></div>`, 14) + "</body></html>"
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				NotesFromHTML(body)
			}
		})
	}
}
