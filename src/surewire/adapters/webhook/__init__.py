"""Notifications over HTTP: pagers, chats, ticket queues and signed webhooks."""
