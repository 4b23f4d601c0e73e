"""Reports: content as plain data, figures as SVG, and one page that holds both."""

from layerlab.reporting.confusion import confusion_matrix
from layerlab.reporting.content import FigureContent, ReportContent, Table
from layerlab.reporting.curves import learning_curve, neighbour_lines
from layerlab.reporting.deformed import deformed_pictures
from layerlab.reporting.depth import DepthPoint, depth_width
from layerlab.reporting.page import render_page
from layerlab.reporting.pictures import mistakes, picture_grid, weight_pictures
from layerlab.reporting.rates import rate_curve
from layerlab.reporting.svg import svg, svg_inline

__all__ = [
    "DepthPoint",
    "FigureContent",
    "ReportContent",
    "Table",
    "confusion_matrix",
    "deformed_pictures",
    "depth_width",
    "learning_curve",
    "mistakes",
    "neighbour_lines",
    "picture_grid",
    "rate_curve",
    "render_page",
    "svg",
    "svg_inline",
    "weight_pictures",
]
