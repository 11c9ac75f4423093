"""Reports as pages, sheets and files for people who have no access to the service."""
