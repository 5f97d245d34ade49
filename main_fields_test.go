package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/google"
	"github.com/twinday/twinday/providers/outlook"
	"github.com/twinday/twinday/store/state"
)

var update = flag.Bool("update", false, "write docs/fields.md anew")

// fieldsPage is what TestThePageOfFields writes and compares.
const fieldsPage = "docs/fields.md"

// fieldRow is one field of the neutral language in docs/fields.md.
type fieldRow struct {
	name string
	of   []string // the fields of calendar.Event, Content and When that it stands for
	// group says by the connectors' capabilities whether it is read and written; where
	// it is empty, read and never written.
	group           calendar.Group
	google, outlook string   // how
	setting         string   // that decides what a copy shows
	lens            string   // where no setting does
	tests           []string // FOLDER:TEST; the root folder is left out
}

var (
	suites = []string{"providers/google:TestProvider", "providers/outlook:TestProvider"}
	laws   = []string{"engine/mapping:TestGetPut", "engine/mapping:TestPutGet"}
)

const full, sent = "TestAFullMeetingThereAndBack", "TestWhatACopyHidesIsNeverSent"

var fieldRows = []fieldRow{
	{"time", []string{"When", "Start", "End"}, calendar.GroupWhen, "`start`, `end`: `date`, or `dateTime` with `timeZone`", "`start`, `end` with a zone, and `isAllDay`", "", "copy",
		slices.Concat(suites, laws, []string{full, "TestFiltersOfSingleEvents"})},
	{"rule of a series", []string{"Recurrence"}, calendar.GroupWhen, "`recurrence`: RRULE and RDATE", "`recurrence`: a pattern; what it cannot say is told in single events", "", "copy",
		slices.Concat(suites, []string{full, "TestEveryEditOfASeriesOnEverySideInEveryOrder", "TestRandomEditsOfSeries"})},
	{"changed occurrences", []string{"Overrides"}, calendar.GroupWhen, "instances; cancelled ones as EXDATE", "exceptions; one moved past its neighbour stands alone", "", "each as its event",
		[]string{"engine/mapping:TestOverridesShowWhatTheirOccurrencesShow", "TestFiltersOfOccurrences", "TestSeriesWithManyOverrides", "TestOccurrenceAcrossItsNeighbour"}},
	{"title", []string{"Title"}, calendar.GroupTitle, "`summary`", "`subject`, 255 characters", "title", "",
		slices.Concat(suites, laws, []string{full, sent, "TestServicesThatRewriteAllTheyGetComeToRest"})},
	{"notes", []string{"Notes"}, calendar.GroupNotes, "`description`, HTML or text, 8192 bytes", "`body`, HTML; of an online meeting, or with pictures, they cannot be written", "notes", "",
		slices.Concat(suites, laws, []string{full, sent, "providers/calendar:TestNothingLiveSurvives", "engine/mapping:TestWhatIsCutIsNeverLost", "engine/mapping:TestNotesThatHoldTheLinkToJoinStay", "providers/outlook:TestNotesOfAnOnlineMeetingAreLeftAlone"})},
	{"place", []string{"Place"}, calendar.GroupPlace, "`location`", "`location.displayName`", "place", "", slices.Concat(suites, laws, []string{full, sent})},
	{"availability", []string{"Availability"}, calendar.GroupAvailability, "`transparency`; tentative is the `status`; out of office and working location are types", "`showAs`", "availability", "",
		slices.Concat(suites, laws, []string{full, "TestAbsenceAndFocusCrossAsAvailability", "TestFiltersOfSingleEvents", "engine/mapping:TestNothingThatBlocksTimeTurnsFree"})},
	{"visibility", []string{"Visibility"}, calendar.GroupVisibility, "`visibility`", "`sensitivity`; no public", "visibility", "",
		slices.Concat(suites, laws, []string{full, sent, "TestAnOccurrenceMadePrivateHidesItsSeries", "engine/mapping:TestNothingHiddenTurnsVisible"})},
	{"importance", []string{"Importance"}, calendar.GroupImportance, "a line in the notes", "`importance`", "importance", "", slices.Concat(suites, laws, []string{full})},
	{"reminders", []string{"Reminders"}, calendar.GroupReminders, "`reminders`: pop-ups, or the calendar's default", "`reminderMinutesBeforeStart`: one", "reminders", "", slices.Concat(suites, laws, []string{full})},
	{"categories", []string{"Categories", "Color"}, calendar.GroupCategories, "`colorId`: one of eleven colours", "`categories`: names", "categories", "",
		slices.Concat(suites, laws, []string{full, sent, "TestFiltersOfSingleEvents"})},
	{"link to join", []string{"Links"}, calendar.GroupLinks, "`hangoutLink`, `conferenceData`", "`onlineMeeting`, `onlineMeetingUrl`", "conference", "",
		[]string{full, sent, "providers/google:TestReadingAWholeEvent", "providers/outlook:TestTheAddressOfAMeeting"}},
	{"attachments", []string{"Links"}, calendar.GroupLinks, "`attachments`: names and addresses", "`attachments`: names, with the address of the event", "attachments", "",
		[]string{full, sent, "providers/google:TestReadingAWholeEvent", "providers/outlook:TestAttachmentsAreReadByName"}},
	{"properties of other programs", []string{"Properties"}, calendar.GroupProperties, "`extendedProperties.shared`", "one extended property, as JSON; of a single event read by its id only, so not at home", "properties", "",
		slices.Concat(suites, laws, []string{full, sent, "providers/outlook:TestWhatIsNotShownIsUnseen"})},
	{"guests", []string{"Guests"}, "", "`attendees`", "`attendees`", "guests", "", []string{full, sent, "providers/google:TestProvider", "providers/outlook:TestProvider"}},
	{"organizer", []string{"Organizer", "Organized"}, "", "`organizer`", "`organizer`, `isOrganizer`", "guests", "", []string{sent, "TestAnEditOfSomebodyElsesMeetingIsTakenBack"}},
	{"my answer", []string{"MyResponse", "Responses"}, "", "my row of `attendees`; written when a deleted copy means to decline", "`responseStatus`; written by `decline`", "filter.responses", "",
		[]string{"TestFiltersOfSingleEvents", "TestFiltersOfOccurrences", "TestWhatDeletingTheCopyOfAnInvitationMeans", "TestACutAnswerIsGivenOnce"}},
	{"type", []string{"Type"}, "", "`eventType`", "all are meetings", "filter.types", "", []string{"TestFiltersOfSingleEvents", "TestAbsenceAndFocusCrossAsAvailability"}},
	{"called off", []string{"Cancelled"}, "", "`status` cancelled: gone", "`isCancelled`", "", "the copy goes", []string{"engine/reconcile:TestReconcile"}},
	{"web page", []string{"WebLink"}, "", "`htmlLink`", "`webLink`", "link", "", []string{sent}},
	{"identity", []string{"ID", "UID"}, "", "`id`, of our copies made from a key; `iCalUID`", "`id`; `iCalUId`; our copies' `transactionId` is made from a key", "", "none: a copy has its own",
		[]string{"TestAMeetingToWhichBothAreInvited", "TestTheWholePathByCommands", "providers/google:TestKeysBecomeIDs"}},
	{"version", []string{"Version"}, "", "`etag`", "`@odata.etag`", "", "none: a copy has its own", []string{"providers/google:TestWritesOverWhatHasChanged", "providers/outlook:TestProvider"}},
	{"made and changed", []string{"Created", "Updated"}, "", "`created`, `updated`", "`createdDateTime`, `lastModifiedDateTime`", "", "none: they settle which edit is later", []string{"engine/reconcile:TestReconcile"}},
	{"mark", []string{"Mark"}, "", "private extended properties, written once with a copy", "one extended property, written once with a copy", "", "installation, mirror and entity", []string{"providers/google:TestProvider", "providers/outlook:TestProvider"}},
	{"what a read leaves out", []string{"Unseen", "Doubt"}, "", "hidden from us, or not known", "hidden properties in a delta; zones without a definition", "", "what was known stands", []string{"providers/outlook:TestWhatIsNotShownIsUnseen", "providers/outlook:TestPeculiarEventsAreRead"}},
}

// TestThePageOfFields holds docs/fields.md to the code: every field has a row, what is
// read and written is what the connectors say, lenses are those of the levels, and
// each test that is named is there.
func TestThePageOfFields(t *testing.T) {
	everyFieldHasARow(t)
	known := map[string]map[string]bool{}
	for _, r := range fieldRows {
		if len(r.tests) == 0 {
			t.Errorf("%s: no test is named", r.name)
		}
		for _, name := range r.tests {
			dir, test, found := strings.Cut(name, ":")
			if !found {
				dir, test = ".", name
			}
			if known[dir] == nil {
				known[dir] = testsIn(t, dir)
			}
			if !known[dir][test] {
				t.Errorf("%s: there is no test %s in %s", r.name, test, dir)
			}
		}
	}
	page := fieldsText(t)
	if *update {
		if err := os.WriteFile(filepath.FromSlash(fieldsPage), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is, err := os.ReadFile(filepath.FromSlash(fieldsPage))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(is), page); d != "" {
		t.Errorf("%s is not as the code is; run `go test . -run ThePageOfFields -update` (-is +should be):\n%s", fieldsPage, d)
	}
}

// A name that no test has would be found out.
func TestTestsAreFoundByTheirNames(t *testing.T) {
	if all := testsIn(t, "."); !all["TestTestsAreFoundByTheirNames"] || all["TestThatIsNotThere"] || all["testsIn"] {
		t.Errorf("found %d", len(all))
	}
}

// everyFieldHasARow goes by the types themselves, so that a new field needs one.
func everyFieldHasARow(t *testing.T) {
	t.Helper()
	told := map[string]bool{"Content": true}
	for _, r := range fieldRows {
		for _, f := range r.of {
			told[f] = true
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[calendar.Event](), reflect.TypeFor[calendar.Content](), reflect.TypeFor[calendar.When]()} {
		for i := range typ.NumField() {
			if f := typ.Field(i).Name; !told[f] {
				t.Errorf("%s.%s has no row", typ, f)
			}
		}
	}
	for _, g := range calendar.AllGroups {
		if !slices.ContainsFunc(fieldRows, func(r fieldRow) bool { return r.group == g }) {
			t.Errorf("the group %s has no row", g)
		}
	}
}

// testsIn are the tests of a folder, by its source.
func testsIn(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				out[fn.Name.Name] = true
			}
		}
	}
	return out
}

func fieldsText(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# Every field of an event

What each service gives of it and takes, what a copy shows at each level of detail, and the tests that hold it. This page is
written by a test, from what the connectors say of themselves and from the settings: ` + "`go test . -run ThePageOfFields -update`" + `.
It fails for a field without a row, and for a test that does not exist.

"r" is read, "w" is written. What both services hold crosses as it is, or as near as it can ([mapping.md](mapping.md)); what
only the home holds is told in the notes, or stays there.

| field | Google | Outlook | everything | title-and-time | busy-only | tests |
|---|---|---|---|---|---|---|
`)
	can := func(c calendar.Capabilities, g calendar.Group) string {
		switch {
		case g == "" || !c.Groups.Has(g) && c.Read().Has(g):
			return "r: "
		case c.Groups.Has(g):
			return "rw: "
		}
		return "none: "
	}
	for _, r := range fieldRows {
		lens := []string{r.lens, r.lens, r.lens}
		if r.setting != "" {
			s, err := state.SettingOf(r.setting)
			if err != nil {
				t.Fatal(err)
			}
			for i, d := range []state.Detail{state.Everything, state.TitleAndTime, state.BusyOnly} {
				lens[i] = s.Get(state.Mapping{Detail: d})
				if strings.HasPrefix(r.setting, "filter.") {
					lens[i] = "filter: " + lens[i]
				}
			}
		}
		var tests []string
		for _, name := range r.tests {
			if dir, test, found := strings.Cut(name, ":"); found {
				name = dir + " " + test
			}
			tests = append(tests, name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.name, can(new(google.Provider).Capabilities(), r.group)+r.google,
			can(new(outlook.Provider).Capabilities(), r.group)+r.outlook, strings.Join(lens, " | "), strings.Join(tests, ", "))
	}
	return b.String()
}
