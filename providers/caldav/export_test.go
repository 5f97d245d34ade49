package caldav

// SetPageSize has a server asked for less at once than is usual.
func SetPageSize(p *Provider, n int) { p.pageSize = n }

// SetMostEvents has fewer events be too many than usual.
func SetMostEvents(p *Provider, n int) { p.most = n }
