package caldav

// SetPageSize has a server asked for less at once than is usual.
func SetPageSize(p *Provider, n int) { p.pageSize = n }
