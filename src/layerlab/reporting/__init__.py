"""Reports: content as plain data, figures as SVG, and one page that holds both."""

from layerlab.reporting.confusion import confusion_matrix
from layerlab.reporting.content import FigureContent, ReportContent, Table
from layerlab.reporting.curves import knn_curve, learning_curve
from layerlab.reporting.depth import Candidate, depth_width
from layerlab.reporting.page import render_page
from layerlab.reporting.pictures import mistakes, picture_grid, weight_pictures
from layerlab.reporting.svg import svg, svg_inline

__all__ = [
    "Candidate",
    "FigureContent",
    "ReportContent",
    "Table",
    "confusion_matrix",
    "depth_width",
    "knn_curve",
    "learning_curve",
    "mistakes",
    "picture_grid",
    "render_page",
    "svg",
    "svg_inline",
    "weight_pictures",
]
