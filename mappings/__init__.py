"""The knowledge of Lasegue as data, never code; this file exists so that the folder ships as a package."""
