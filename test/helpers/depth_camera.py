# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A camera of depth images beside the camera of a node under test."""

import numpy as np

BOX = (16, 12, 48, 36)
"""Its middle is the middle of the images, which are 64 x 48."""
NEAR, FAR = 1.25, 3.0


class Depth:
    """A camera's depth images and calibration, beside its images."""

    def __init__(self, tracker, prefix=""):
        from geometry_msgs.msg import PoseStamped
        from sensor_msgs.msg import CameraInfo, Image
        from vision_msgs.msg import Detection3DArray

        self.tracker = tracker
        self.prefix = prefix
        self.array = tracker.record(Detection3DArray, f"{prefix}detections_3d")
        self.pose = tracker.record(PoseStamped, f"{prefix}pose")
        tracker.publisher(CameraInfo, f"{prefix}camera_info")
        tracker.publisher(Image, f"{prefix}depth")
        tracker.rest()

    def info(self, **fields):
        from sensor_msgs.msg import CameraInfo

        k = np.array([50.0, 0, 31.5, 0, 50.0, 23.5, 0, 0, 1])
        p = np.insert(k, [3, 6, 9], 0)
        message = CameraInfo(width=64, height=48, k=k, p=p, distortion_model="plumb_bob")
        message.d = [0.0] * 5
        for name, value in fields.items():
            setattr(message, name, value)
        self.tracker.publisher(CameraInfo, f"{self.prefix}camera_info").publish(message)

    def image(self, image, seconds=0.0, **fields):
        """Send the depth image of an image: the target's box at NEAR, the rest at FAR."""
        from sensor_msgs.msg import Image

        metres = np.full((48, 64), FAR)
        metres[12:36, 16:48] = NEAR
        data = (1000 * metres).astype(np.uint16).tobytes()
        message = Image(height=48, width=64, step=128, encoding="16UC1", data=data)
        message.header.frame_id = image.header.frame_id
        stamp = image.header.stamp.sec * 10**9 + image.header.stamp.nanosec + round(1e9 * seconds)
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
        for name, value in fields.items():
            setattr(message, name, value)
        self.tracker.publisher(Image, f"{self.prefix}depth").publish(message)

    def show(self, **fields):
        """Send an image and its depth; return the image and the places."""
        image = self.tracker.image()
        self.image(image, **fields)
        self.tracker.show(image, self.prefix)
        return image, self.tracker.spin(lambda: find(self.array, image))


def find(messages, image):
    return next((m for m in messages if m.header == image.header), None)
