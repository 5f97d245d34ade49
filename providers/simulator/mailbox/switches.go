package mailbox

import "time"

// Switches are the behaviours on which sources disagree, or of which the real
// services publish nothing. The zero value is the harsher reading; tests of a
// client run under both.
type Switches struct {
	Google GoogleSwitches
	Graph  GraphSwitches
}

// GoogleSwitches are those of Google Calendar.
type GoogleSwitches struct {
	// SyncKeepsWindow: an increment only holds events inside the window of the
	// first read. Off: it holds whatever changed, as NangoHQ/integration-templates#636 saw.
	SyncKeepsWindow bool
	// NoOpPatchKeepsETag: a patch that changes nothing leaves the etag alone, as
	// calendars do. Off: the etag moves.
	NoOpPatchKeepsETag bool
	// AcceptTimeWithoutZone: a dateTime without offset and zone is read in the
	// calendar's zone, as the guide 'Calendars and events' says. Off: it is refused, as observed.
	AcceptTimeWithoutZone bool
	// ImportReplaces: an import with a known iCalUID replaces the event
	// (insanum/gcalcli#599). Off: 409 duplicate (insanum/gcalcli#712).
	ImportReplaces bool
	// AcceptIDWithUID: an insert may give both id and iCalUID. Off: 400, after the
	// reference's 'only one of them should be supplied'.
	AcceptIDWithUID bool
	// PropertiesAnyOf: repeated privateExtendedProperty constraints are OR-ed, as
	// a translated guide says. Off: all must match, as the reference says.
	PropertiesAnyOf bool
	// EmptyPages: an empty page with a nextPageToken stands before every other page.
	EmptyPages bool
	// PageLimit caps the page size below what the client asks for; 0: no cap.
	PageLimit int
	// RemindersHidden: a change of reminders alone does not appear in increments.
	RemindersHidden bool
	// BadTokenGone: a malformed sync token answers 410. Off: 400, as observed.
	BadTokenGone bool
	// TokenExpiresMidPaging: a sync token becomes invalid after its first page.
	TokenExpiresMidPaging bool
	// TokenUnchangedWhenEmpty: an empty increment returns the same token.
	TokenUnchangedWhenEmpty bool
	// Redeliver: an increment repeats the last event that the token already covers.
	Redeliver bool
	// Reversed: lists come in the opposite order.
	Reversed bool
	// ListLag is how long a write is seen by get but not yet by list.
	ListLag time.Duration
	// TombstonesKeepDetails: a deleted event is listed with its content.
	TombstonesKeepDetails bool
	// UpdateDeletedForbidden: a full update of a deleted event answers 403
	// (googleapis/google-api-ruby-client#1811). Off: 200, and status confirmed revives it.
	UpdateDeletedForbidden bool
	// TombstonesPurged: a deleted event answers 404 to get, late in its life.
	TombstonesPurged bool
	// TrimTitles: leading and trailing white space of title and place is dropped on store.
	TrimTitles bool
	// UpdatedMinHorizon is how far back updatedMin may lie; 0 means 28 days.
	UpdatedMinHorizon time.Duration
	// QuickWrites is how many writes one calendar takes within QuickWriteWindow
	// (0: one second) before it answers 403 rateLimitExceeded; 0: no limit.
	QuickWrites      int
	QuickWriteWindow time.Duration
	// QuickWriteConflict: such a write answers 409 conflict instead.
	QuickWriteConflict bool
	// UnitsPerMinute is how many quota units the person may use in any minute
	// before 403 rateLimitExceeded; a patch costs three, all else one. 0: no limit;
	// new projects have 600 (Google guide 'Manage quotas').
	UnitsPerMinute int
	// DropOrphans: exceptions whose slot a changed series no longer has vanish
	// without a word. Off: they stay, and stay visible, at their own time.
	DropOrphans bool
	// KeepRuleText: recurrence lines are stored as they come. Off: normalised
	// (INTERVAL=1 dropped, parts in the service's order), as OGCS observed.
	KeepRuleText bool
	// AddWeekStart: a rule without WKST is stored with WKST=MO.
	AddWeekStart bool
	// InstanceTouchesMaster: a change of one instance moves the master's etag and
	// sends the master with the next increment. Off: instances have etags of their own.
	InstanceTouchesMaster bool
	// ExceptionsTrickle: the exceptions of a deleted master come in the increment
	// too, cancelled (nylas/sync-engine#433). Off: only the master does.
	ExceptionsTrickle bool
	// ExceptionsTrickleAlive: they come as they were, confirmed.
	ExceptionsTrickleAlive bool
	// SplitKeepsExceptions: 'this and following' hands the later exceptions over
	// to the new series. Off: it resets them, as the guide 'Recurring events' says.
	SplitKeepsExceptions bool
	// DeadMastersListed: deleted masters are listed with their recurrence even
	// when nobody asked for deleted events, as seen since May 2025.
	DeadMastersListed bool
	// OwnDomainIsInternal: with sendUpdates=externalOnly only guests outside the
	// organizer's domain get mail, as observed. Off: every guest outside gmail.com, as documented.
	OwnDomainIsInternal bool
	// GuestsEditShared: guests may change shared extended properties, as the guide
	// 'Extended properties' says. Off: they are the organizer's, as the error
	// forbiddenForNonOrganizer says of 'shared properties' in general.
	GuestsEditShared bool
	// Rewrites: an add-on of the organisation tidies up whatever a client wrote, a
	// moment after the write: title and place in capitals, a line below the notes.
	Rewrites bool
}

// GraphSwitches are those of Microsoft Graph.
type GraphSwitches struct {
	// EventsDelta: /calendars/{id}/events/delta exists. Off: only calendarView/delta.
	EventsDelta bool
	// ExceptionsInEvents: exceptions of a series are listed under /events. Off: masters and single events only.
	ExceptionsInEvents bool
	// KeepAllDayZone: the zone of an all-day event is kept. Off: it is coerced to UTC.
	KeepAllDayZone bool
	// AcceptLongSubject: a subject above 255 characters is stored. Off: 400.
	AcceptLongSubject bool
	// DeleteIgnoresIfMatch: DELETE does not look at If-Match. Off: 412 when it differs.
	DeleteIgnoresIfMatch bool
	// AcceptDaySubsets: relativeMonthly takes several days. Off: 400.
	AcceptDaySubsets bool
	// LongSubscriptions: subscriptions live 10 080 minutes. Off: 4 230.
	LongSubscriptions bool
	// DuplicateTransactionIs400: a known transactionId answers 400. Off: 409.
	DuplicateTransactionIs400 bool
	// HonourIsDraft: an event with isDraft sends no mail. Off: mails leave at once.
	HonourIsDraft bool
	// OldRefreshTokenWorks: a refresh token that was exchanged still works. Off: invalid_grant.
	OldRefreshTokenWorks bool
	// CancelledOccurrences: the master's cancelledOccurrences is filled. Off: empty.
	CancelledOccurrences bool
	// SeriesOnOnePage: occurrences of one series stay on one page. Off: they may be split.
	SeriesOnOnePage bool
	// KeepDeclined: a declined event stays in the calendar, shown as free, as the
	// mailbox setting 'Preserve declined events' has it. Off: it is deleted.
	KeepDeclined bool
	// Rewrites: a tidy-up rule, as some companies have, rewrites title, place and
	// notes of every event that a client writes, a moment after the write. The
	// write's own answer shows what was written.
	Rewrites bool
}
