package caldav

import (
	"bufio"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

// resource is one DAV:response of a multistatus (RFC 4918 §14.24), with the properties
// that were found.
type resource struct {
	path   string // of the href: escaped, as the server gave it
	host   string // of the href, "" if it names none
	status int    // of the whole, 0 if it is told of properties alone
	props  props
	failed conditions
}

// name is the resource's name in its collection; "" for a collection.
func (r resource) name() string {
	i := strings.LastIndexByte(r.path, '/')
	name, err := url.PathUnescape(r.path[i+1:])
	if err != nil {
		return ""
	}
	return name
}

type href struct {
	Href string `xml:"DAV: href"`
}

// props are all properties that are ever asked for. Their names are those of RFC 4918,
// 3744, 5397, 6578 (DAV:), 4791, 6638 (caldav), and of Apple's extensions.
type props struct {
	Type struct {
		Collection *struct{} `xml:"DAV: collection"`
		Calendar   *struct{} `xml:"urn:ietf:params:xml:ns:caldav calendar"`
		Subscribed *struct{} `xml:"http://calendarserver.org/ns/ subscribed"`
	} `xml:"DAV: resourcetype"`
	DisplayName string  `xml:"DAV: displayname"`
	ETag        string  `xml:"DAV: getetag"`
	Modified    string  `xml:"DAV: getlastmodified"`
	SyncToken   string  `xml:"DAV: sync-token"`
	CTag        string  `xml:"http://calendarserver.org/ns/ getctag"`
	Owner       href    `xml:"DAV: owner"`
	Principal   href    `xml:"DAV: current-user-principal"`
	Privileges  *rights `xml:"DAV: current-user-privilege-set"`
	Reports     struct {
		Reports []report `xml:"DAV: supported-report"`
	} `xml:"DAV: supported-report-set"`

	HomeSet struct {
		Hrefs []string `xml:"DAV: href"`
	} `xml:"urn:ietf:params:xml:ns:caldav calendar-home-set"`
	Addresses struct {
		Hrefs []string `xml:"DAV: href"`
	} `xml:"urn:ietf:params:xml:ns:caldav calendar-user-address-set"`
	Inbox           href        `xml:"urn:ietf:params:xml:ns:caldav schedule-inbox-URL"`
	DefaultCalendar href        `xml:"urn:ietf:params:xml:ns:caldav schedule-default-calendar-URL"`
	Components      *components `xml:"urn:ietf:params:xml:ns:caldav supported-calendar-component-set"`
	Zone            string      `xml:"urn:ietf:params:xml:ns:caldav calendar-timezone"`
	ZoneID          string      `xml:"urn:ietf:params:xml:ns:caldav calendar-timezone-id"`
	Data            string      `xml:"urn:ietf:params:xml:ns:caldav calendar-data"`
	Color           string      `xml:"http://apple.com/ns/ical/ calendar-color"`
}

// report is one that the resource answers (RFC 3253 §3.1.5).
type report struct {
	Report struct {
		Sync *struct{} `xml:"DAV: sync-collection"`
	} `xml:"DAV: report"`
}

// rights are what the account may do (RFC 3744 §5.4).
type rights struct {
	List []struct {
		Any []struct {
			XMLName xml.Name
		} `xml:",any"`
	} `xml:"DAV: privilege"`
}

// has reports whether one of the rights is there.
func (r *rights) has(names ...string) bool {
	for _, p := range r.List {
		for _, a := range p.Any {
			for _, n := range names {
				if a.XMLName.Local == n {
					return true
				}
			}
		}
	}
	return false
}

type components struct {
	List []struct {
		Name string `xml:"name,attr"`
	} `xml:"urn:ietf:params:xml:ns:caldav comp"`
}

// conditions are the names of the elements in a DAV:error (RFC 4918 §16), and the
// address that one of them may name.
type conditions struct {
	names []string
	href  string
}

// What is kept of a server's conditions: they are shown. The longest that there is by the
// RFCs has 42 characters.
const (
	maxConditions    = 8
	maxConditionName = 50
)

// UnmarshalXML takes the names as they come.
func (c *conditions) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "href" {
				if err := d.DecodeElement(&c.href, &t); err != nil {
					return err
				}
				continue
			}
			if depth == 1 && len(c.names) < maxConditions && len(t.Name.Local) <= maxConditionName {
				c.names = append(c.names, t.Name.Local)
			}
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

func (c conditions) has(names ...string) bool {
	for _, have := range c.names {
		for _, n := range names {
			if have == n {
				return true
			}
		}
	}
	return false
}

// multistatus makes the call and hands over each resource of its answer as it is read.
// It returns the sync-token beside them, and where the answer came from. An answer that
// is cut short or is no multistatus is Unavailable, whatever was handed over by then.
func (w *wire) multistatus(ctx context.Context, r request, each func(resource) error) (token string, from *url.URL, err error) {
	resp, from, err := w.send(ctx, r)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode != http.StatusMultiStatus || kind != "application/xml" && kind != "text/xml" {
		return "", nil, r.fail(calendar.Unavailable, fmt.Errorf("an answer that is not WebDAV's: %d, %.50s", resp.StatusCode, kind))
	}
	token, err = readMultistatus(resp.Body, each)
	if err != nil {
		if _, ours := errors.AsType[*calendar.Error](err); ours {
			return "", nil, err
		}
		return "", nil, r.fail(calendar.Unavailable, err)
	}
	return token, from, nil
}

func readMultistatus(body io.Reader, each func(resource) error) (token string, err error) {
	d := xml.NewDecoder(&printable{from: bufio.NewReader(body)})
	open := false
	for {
		t, err := d.Token()
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return "", fmt.Errorf("%w: %w", errBroken, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch {
			case !open && t.Name == xml.Name{Space: "DAV:", Local: "multistatus"}:
				open = true
			case !open:
				return "", errors.New("the answer is no multistatus")
			case t.Name.Local == "response":
				list, err := readResponse(d, t)
				if err != nil {
					return "", err
				}
				for _, r := range list {
					if err := each(r); err != nil {
						return "", err
					}
				}
			case t.Name.Local == "sync-token":
				err = d.DecodeElement(&token, &t)
			default:
				err = d.Skip()
			}
			if err != nil {
				return "", fmt.Errorf("%w: %w", errBroken, err)
			}
		case xml.EndElement: // of the multistatus: all others are taken whole
			return strings.TrimSpace(token), nil
		}
	}
}

// readResponse reads what one DAV:response says, which may be of several resources if it
// has a status for them and no properties.
func readResponse(d *xml.Decoder, start xml.StartElement) ([]resource, error) {
	var x struct {
		Hrefs    []string `xml:"DAV: href"`
		Status   string   `xml:"DAV: status"`
		Propstat []struct {
			Status string `xml:"DAV: status"`
			Prop   props  `xml:"DAV: prop"`
		} `xml:"DAV: propstat"`
		Error conditions `xml:"DAV: error"`
	}
	if err := d.DecodeElement(&x, &start); err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	out := resource{failed: x.Error}
	if x.Status != "" {
		out.status = statusOf(x.Status)
	}
	found := false
	for _, p := range x.Propstat {
		if s := statusOf(p.Status); s >= 200 && s < 300 {
			out.props, found = p.Prop, true
			break
		}
	}
	if !found && len(x.Propstat) == 0 && out.status == 0 {
		return nil, errors.New("the answer says nothing of a resource that it names")
	}
	if len(x.Hrefs) == 0 || len(x.Hrefs) > 1 && found {
		return nil, errNoAddress
	}
	var list []resource
	for _, h := range x.Hrefs {
		u, err := url.Parse(strings.TrimSpace(h))
		if err != nil || u.Path == "" {
			return nil, errNoAddress
		}
		out.path, out.host = u.EscapedPath(), u.Host
		list = append(list, out)
	}
	return list, nil
}

var (
	errNoAddress = errors.New("the answer is about a resource without a usable address")
	// errBroken is an answer that ends, or stops making sense, on its way.
	errBroken = errors.New("the answer cannot be read")
)

// statusOf reads "HTTP/1.1 404 Not Found"; 0 if it is none.
func statusOf(line string) int {
	if f := strings.Fields(line); len(f) >= 2 {
		n, _ := strconv.Atoi(f[1])
		return n
	}
	return 0
}
