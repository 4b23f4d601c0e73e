"""Explore rows of your own, and use what comes of it.

    python explore_your_csv.py [FILE [SECONDS]]

FILE is a CSV file with a column named label, class, target or y. Without one, a small file of wines
(178 rows of 13 measurements, three growers) is written first. With SECONDS the search is cut short.
This script uses pandas: pip install 'layerlab[data]'.
"""

import sys
from pathlib import Path

from sklearn.datasets import load_wine

import layerlab


def write_wines(path: Path) -> None:
    wines = load_wine(as_frame=True)
    names = wines.target.map(dict(enumerate(wines.target_names)))
    wines.data.assign(label=names).to_csv(path, index=False)


file = Path(sys.argv[1] if len(sys.argv) > 1 else "wines.csv")
if not file.exists():
    write_wines(file)
budget = float(sys.argv[2]) if len(sys.argv) > 2 else None

data = layerlab.load_data(file)
print(layerlab.health_line(data))

# The same as `layerlab explore FILE`: a folder under runs/ with a report to open in a browser.
run = layerlab.explore(data, budget=budget)
test = run.results["test"]
low, high = test["interval"]
print(f"hidden layers {run.results['chosen']['hidden_layer_sizes']}")
print(f"test accuracy {test['accuracy']:.3f} ({low:.3f} to {high:.3f}), {test['rows']} rows")
print(f"report {run.path / 'report.html'}")

# The model file is all that another program needs. It is a scikit-learn estimator again, which
# knows its columns by name.
model = layerlab.load_model(run.path / "model.layerlab")
rows = data.to_frame()[0].head(3)
most = model.predict_proba(rows).max(axis=1)
for name, probability in zip(model.predict(rows), most, strict=True):
    print(f"{name}, probability {probability:.2f}")
