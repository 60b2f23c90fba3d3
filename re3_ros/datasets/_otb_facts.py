# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the OTB benchmark says of its sequences, as its web page and tool kit list it."""

RANGES = {
    "David": (300, 770),
    "Diving": (1, 215),
    "Football1": (1, 74),
    "Freeman3": (1, 460),
    "Freeman4": (1, 283),
}
"""Sequence -> first and last frame by number that its boxes are for; the rest has none."""

OMITTED = {"Tiger1": 5}
"""Sequence -> frames at its start whose boxes are off the target and that are left out."""

OTB2013 = """
Basketball Bolt Boy Car4 CarDark CarScale Coke Couple Crossing David David2 David3 Deer Dog1 Doll
Dudek FaceOcc1 FaceOcc2 Fish FleetFace Football Football1 Freeman1 Freeman3 Freeman4 Girl Ironman
Jogging Jumping Lemming Liquor Matrix Mhyang MotorRolling MountainBike Shaking Singer1 Singer2
Skating1 Skiing Soccer Subway Suv Sylvester Tiger1 Tiger2 Trellis Walking Walking2 Woman
"""
"""The 50 folders of OTB-2013 (51 targets)."""

TB50 = """
Basketball Biker Bird1 BlurBody BlurCar2 BlurFace BlurOwl Bolt Box Car1 Car4 CarDark CarScale
ClifBar Couple Crowds David Deer Diving DragonBaby Dudek Football Freeman4 Girl Human3 Human4
Human6 Human9 Ironman Jump Jumping Liquor Matrix MotorRolling Panda RedTeam Shaking Singer2
Skating1 Skating2 Skiing Soccer Surfer Sylvester Tiger2 Trellis Walking Walking2 Woman
"""
"""The folders of TB-50, the harder half of OTB-2015."""

ATTRIBUTES = {
    "Basketball": "IV OCC DEF OPR BC",
    "Biker": "SV OCC MB FM OPR OV LR",
    "Bird1": "DEF FM OV",
    "Bird2": "OCC DEF FM IPR OPR",
    "BlurBody": "SV DEF MB FM IPR",
    "BlurCar1": "MB FM",
    "BlurCar2": "SV MB FM",
    "BlurCar3": "MB FM",
    "BlurCar4": "MB FM",
    "BlurFace": "MB FM IPR",
    "BlurOwl": "SV MB FM IPR",
    "Board": "SV MB FM OPR OV BC",
    "Bolt": "OCC DEF IPR OPR",
    "Bolt2": "DEF BC",
    "Box": "IV SV OCC MB IPR OPR OV BC LR",
    "Boy": "SV MB FM IPR OPR",
    "Car1": "IV SV MB FM BC LR",
    "Car2": "IV SV MB FM BC",
    "Car24": "IV SV BC",
    "Car4": "IV SV",
    "CarDark": "IV BC",
    "CarScale": "SV OCC FM IPR OPR",
    "ClifBar": "SV OCC MB FM IPR OV BC",
    "Coke": "IV OCC FM IPR OPR BC",
    "Couple": "SV DEF FM OPR BC",
    "Coupon": "OCC BC",
    "Crossing": "SV DEF FM OPR BC",
    "Crowds": "IV DEF BC",
    "Dancer": "SV DEF IPR OPR",
    "Dancer2": "DEF",
    "David": "IV SV OCC DEF MB IPR OPR",
    "David2": "IPR OPR",
    "David3": "OCC DEF OPR BC",
    "Deer": "MB FM IPR BC LR",
    "Diving": "SV DEF IPR",
    "Dog": "SV DEF OPR",
    "Dog1": "SV IPR OPR",
    "Doll": "IV SV OCC IPR OPR",
    "DragonBaby": "SV OCC MB FM IPR OPR OV",
    "Dudek": "SV OCC DEF FM IPR OPR OV BC",
    "FaceOcc1": "OCC",
    "FaceOcc2": "IV OCC IPR OPR",
    "Fish": "IV",
    "FleetFace": "SV DEF MB FM IPR OPR",
    "Football": "OCC IPR OPR BC",
    "Football1": "IPR OPR BC",
    "Freeman1": "SV IPR OPR",
    "Freeman3": "SV IPR OPR",
    "Freeman4": "SV OCC IPR OPR",
    "Girl": "SV OCC IPR OPR",
    "Girl2": "SV OCC DEF MB OPR",
    "Gym": "SV DEF IPR OPR",
    "Human2": "IV SV MB OPR",
    "Human3": "SV OCC DEF OPR BC",
    "Human4": "IV SV OCC DEF",
    "Human5": "SV OCC DEF",
    "Human6": "SV OCC DEF FM OPR OV",
    "Human7": "IV SV OCC DEF MB FM",
    "Human8": "IV SV DEF",
    "Human9": "IV SV DEF MB FM",
    "Ironman": "IV SV OCC MB FM IPR OPR OV BC LR",
    "Jogging": "OCC DEF OPR",
    "Jump": "SV OCC DEF MB FM IPR OPR",
    "Jumping": "MB FM",
    "KiteSurf": "IV OCC IPR OPR",
    "Lemming": "IV SV OCC FM OPR OV",
    "Liquor": "IV SV OCC MB FM OPR OV BC",
    "Man": "IV",
    "Matrix": "IV SV OCC FM IPR OPR BC",
    "Mhyang": "IV DEF OPR BC",
    "MotorRolling": "IV SV MB FM IPR BC LR",
    "MountainBike": "IPR OPR BC",
    "Panda": "SV OCC DEF IPR OPR OV LR",
    "RedTeam": "SV OCC IPR OPR LR",
    "Rubik": "SV OCC IPR OPR",
    "Shaking": "IV SV IPR OPR BC",
    "Singer1": "IV SV OCC OPR",
    "Singer2": "IV DEF IPR OPR BC",
    "Skater": "SV DEF IPR OPR",
    "Skater2": "SV DEF FM IPR OPR",
    "Skating1": "IV SV OCC DEF OPR BC",
    "Skating2": "SV OCC DEF FM OPR",
    "Skiing": "IV SV DEF IPR OPR",
    "Soccer": "IV SV OCC MB FM IPR OPR BC",
    "Subway": "OCC DEF BC",
    "Surfer": "SV FM IPR OPR LR",
    "Suv": "OCC IPR OV",
    "Sylvester": "IV IPR OPR",
    "Tiger1": "IV OCC DEF MB FM IPR OPR",
    "Tiger2": "IV OCC DEF MB FM IPR OPR OV",
    "Toy": "SV FM IPR OPR",
    "Trans": "IV SV OCC DEF",
    "Trellis": "IV SV IPR OPR BC",
    "Twinnings": "SV OPR",
    "Vase": "SV FM IPR",
    "Walking": "SV OCC DEF ",
    "Walking2": "SV OCC LR",
    "Woman": "IV SV OCC DEF MB FM OPR",
}
"""Sequence -> illumination variation (IV), scale variation (SV), occlusion (OCC), deformation
(DEF), motion blur (MB), fast motion (FM), in-plane and out-of-plane rotation (IPR, OPR), out of
view (OV), background clutter (BC), low resolution (LR)."""
