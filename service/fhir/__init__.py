"""The only room that knows the shapes of FHIR."""
