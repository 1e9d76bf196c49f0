"""An image as the search for tampering sees it."""

from starlight.forgery.scene.planes import MAX_PIXELS, Scene, box_mean, prepare

__all__ = ["MAX_PIXELS", "Scene", "box_mean", "prepare"]
