#!/usr/bin/env python3
"""Makes ../RegressionTests/Fixtures/mgwr_oracle.json: numbers by other programs for our tests.

usage: python make_mgwr_oracle.py        (needs: pip install mgwr==2.2.1)

mgwr makes everything it can (bisquare, gaussian, exponential; adaptive and fixed; planar and great
circle; prediction). What it lacks comes from numpy in long double, by the defining formulas: the
tricube, Epanechnikov and boxcar kernels, condition numbers and variance proportions of sqrt(W) X,
buffered cross-validation. OLS and distributions are scipy's. Data are seeded (PCG64).
"""
import json
import os
import platform

import mgwr
import numpy as np
import scipy
import scipy.stats as st
from mgwr.gwr import GWR

FACTOR = 1.0000001
EARTH = 6371.0
LD = np.longdouble


def dataset(name, seed):
    r = np.random.default_rng(seed)
    if name == "clustered":
        c = r.uniform(0, 1e5, (4, 2))
        xy = np.vstack([c[i] + r.normal(0, 3e3, (12, 2)) for i in range(4)] + [r.uniform(0, 1e5, (12, 2))])
    elif name == "grid":
        g = np.arange(9) * 500.0
        xy = np.array([(x, y) for y in g for x in g])
    elif name == "degrees":
        xy = np.column_stack([r.uniform(170, 190, 60), r.uniform(55, 80, 60)])
        xy[:, 0] = np.where(xy[:, 0] > 180, xy[:, 0] - 360, xy[:, 0])   # across the date line
    elif name == "pairs":                       # every location twice, exactly
        half = r.uniform(0, 1e4, (30, 2))
        xy = np.vstack([half, half])
    n = len(xy)
    u = (xy - xy.mean(0)) / xy.std(0)
    X = r.normal(size=(n, 3))
    X[:, 1] = 40 + 3 * X[:, 1] + u[:, 0]        # a column far from zero
    X[:, 2] = (X[:, 2] + 0.2 * u[:, 1] > 0).astype(float)   # a dummy
    y = 5 + (1 + 0.5 * u[:, 0]) * X[:, 0] - 0.2 * X[:, 1] + X[:, 2] * u[:, 1] + r.normal(0, 0.5, n)
    return xy, X, y


def distances(a, b, spherical):
    a, b = a.astype(LD), b.astype(LD)
    if not spherical:
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))
    rad = LD(np.pi) / 180
    lon = (a[:, None, 0] - b[None, :, 0]) * rad
    la, lb = a[:, None, 1] * rad, b[None, :, 1] * rad
    h = np.sin((la - lb) / 2) ** 2 + np.cos(la) * np.cos(lb) * np.sin(lon / 2) ** 2
    return 2 * LD(EARTH) * np.arcsin(np.sqrt(h))


KERNELS = {
    "bisquare": lambda u: np.where(u < 1, (1 - u**2) ** 2, 0),
    "tricube": lambda u: np.where(u < 1, (1 - u**3) ** 3, 0),
    "epanechnikov": lambda u: np.where(u < 1, 1 - u**2, 0),
    "boxcar": lambda u: np.where(u < 1, 1, 0).astype(LD),
    "gaussian": lambda u: np.exp(-(u**2) / 2),
    "exponential": lambda u: np.exp(-u),
}


def solve(A, B):
    """Gauss-Jordan with pivoting in long double (numpy's solver is double only)."""
    A, B = A.astype(LD).copy(), B.astype(LD).copy()
    for i in range(len(A)):
        k = i + int(np.argmax(np.abs(A[i:, i])))
        A[[i, k]], B[[i, k]] = A[[k, i]], B[[k, i]]
        B[i], A[i] = B[i] / A[i, i], A[i] / A[i, i]
        for j in range(len(A)):
            if j != i:
                B[j], A[j] = B[j] - A[j, i] * B[i], A[j] - A[j, i] * A[i]
    return B


def longdouble_fit(D, X1, y, kernel, bw, fixed, buffer):
    """Coefficients, unit standard errors, leverages, buffered errors, collinearity, per location."""
    n, p = X1.shape
    out = {k: [] for k in ("beta", "unit_se", "influence", "residual", "buffered", "cn", "vdp")}
    X1, y = X1.astype(LD), y.astype(LD)
    trsts = LD(0)
    for i in range(n):
        h = LD(bw) if fixed else np.sort(D[i])[int(bw) - 1] * LD(FACTOR)
        w = KERNELS[kernel](D[i] / h)
        A = (X1 * w[:, None]).T @ X1
        G = solve(A, (X1 * w[:, None]).T)                 # p x n
        b = G @ y
        out["beta"].append(b)
        out["unit_se"].append(np.sqrt((G**2).sum(1)))
        s = X1[i] @ G
        trsts += (s**2).sum()
        out["influence"].append(s[i])
        out["residual"].append(y[i] - X1[i] @ b)
        far = w * (D[i] >= buffer)
        if (far > 0).sum() < 10 * p:                      # inadmissible, by the rule of numerics.md
            out["buffered"].append(LD("nan"))
        else:
            bb = solve((X1 * far[:, None]).T @ X1, (X1 * far[:, None]).T @ y[:, None])[:, 0]
            out["buffered"].append(y[i] - X1[i] @ bb)
        Z = np.sqrt(w)[:, None] * X1
        Z = (Z / np.sqrt((Z**2).sum(0))).astype(float)
        _, sv, vt = np.linalg.svd(Z, full_matrices=False)
        phi = (vt / sv[:, None]) ** 2
        out["cn"].append(sv[0] / sv[-1])
        out["vdp"].append((phi / phi.sum(0))[-1])
    return out, trsts


def number(a):
    return np.asarray(a, dtype=float).tolist()


def case(data, kernel, fixed, bw, buffer, use_mgwr):
    name, xy, X, y = data
    spherical = name == "degrees"
    n = len(y)
    X1 = np.column_stack([np.ones(n), X])
    D = distances(xy, xy, spherical)
    own, trsts = longdouble_fit(D, X1, y, kernel, bw, fixed, buffer)
    rss = float((np.array(own["residual"]) ** 2).sum())
    trs = float(np.sum(own["influence"]))
    c = {
        "data": name, "kernel": kernel, "fixed": fixed, "bandwidth": bw, "buffer": buffer,
        "by": "numpy long double",
        "beta": number(own["beta"]), "influence": number(own["influence"]),
        "se": number(np.array(own["unit_se"]) * np.sqrt(LD(rss) / (n - LD(trs)))),
        "condition_number": number(own["cn"]), "proportions": number(own["vdp"]),
        "tr_s": trs, "tr_sts": float(trsts), "rss": rss,
        "aicc": float(n * np.log(rss / n) + n * np.log(2 * np.pi) + n * (n + trs) / (n - 2 - trs)),
        "cv": float(np.mean((np.array(own["residual"]) / (1 - np.array(own["influence"]))) ** 2)),
        "bcv": None if np.isnan(np.array(own["buffered"], float)).any()
        else float(np.mean(np.array(own["buffered"]) ** 2)),
    }
    assert np.isfinite(c["cv"]), f"{name} {kernel} {bw}: a leverage is 1, choose more neighbours"
    if use_mgwr:
        m = GWR(xy, y[:, None], X, bw, fixed=fixed, kernel=kernel, spherical=spherical)
        r = m.fit()
        c["by"] = "mgwr"
        c["beta"], c["se"] = number(r.params), number(r.bse)
        c["influence"], c["local_r2"] = number(r.influ[:, 0]), number(r.localR2[:, 0])
        c["tr_s"], c["aicc"], c["cv"] = float(r.tr_S), float(r.aicc), c["cv"]
        c["rss"] = float(r.resid_ss)
        places = xy[:7] + (0.01 if spherical else 137.0)
        new = X[7:14].copy()
        # GWR.predict reuses the object, so it gets one of its own.
        m2 = GWR(xy, y[:, None], X, bw, fixed=fixed, kernel=kernel, spherical=spherical)
        q = m2.predict(places, new)
        c["places"], c["new_predictors"] = number(places), number(new.T)
        c["predicted"], c["predicted_beta"] = number(q.predictions[:, 0]), number(q.params)
    return c


def ols(X, y):
    n = len(y)
    X1 = np.column_stack([np.ones(n), X]).astype(LD)
    A = solve(X1.T @ X1, np.eye(X1.shape[1]))
    b = A @ (X1.T @ y)
    e = y - X1 @ b
    s2 = (e**2).sum() / (n - X1.shape[1])
    se = np.sqrt(s2 * np.diag(A))
    Z = (X1 / np.sqrt((X1**2).sum(0))).astype(float)
    sv = np.linalg.svd(Z, compute_uv=False)
    C = np.corrcoef(X.T)
    jb = st.jarque_bera(np.asarray(e, float))
    t = np.asarray(b / se, float)
    return {
        "beta": number(b), "se": number(se), "p": number(2 * st.t.sf(np.abs(t), n - X1.shape[1])),
        "rss": float((e**2).sum()), "vif": number(np.diag(np.linalg.inv(C))),
        "condition_number": float(sv[0] / sv[-1]), "jb": float(jb.statistic), "jb_p": float(jb.pvalue),
    }


def main():
    sets = {k: dataset(k, s) for k, s in (("clustered", 11), ("grid", 12), ("degrees", 13), ("pairs", 14))}
    named = {k: (k,) + v for k, v in sets.items()}
    cases = []
    for data, kernel, fixed, bw, buffer, m in [
        ("clustered", "bisquare", False, 30, 1000.0, True),
        ("clustered", "bisquare", True, 100000.0, 2000.0, True),
        ("clustered", "gaussian", True, 40000.0, 2000.0, True),
        ("clustered", "exponential", False, 20, 500.0, True),
        ("clustered", "tricube", False, 35, 1000.0, False),
        ("clustered", "epanechnikov", True, 100000.0, 2000.0, False),
        ("grid", "bisquare", False, 60, 600.0, True),
        ("grid", "boxcar", False, 50, 600.0, False),
        ("grid", "tricube", True, 4100.0, 600.0, False),
        ("grid", "epanechnikov", False, 29, 600.0, False),
        ("degrees", "bisquare", False, 33, 100.0, True),
        ("degrees", "gaussian", False, 12, 100.0, True),
        ("degrees", "exponential", True, 400.0, 100.0, True),
        ("pairs", "bisquare", False, 40, 1.0, True),
        ("pairs", "gaussian", True, 2500.0, 1.0, True),
    ]:
        cases.append(case(named[data], kernel, fixed, bw, buffer, m))
    dof = [1, 2.5, 7, 30, 158, 9999]
    doc = {
        "made_with": {
            "command": "python Tests/Oracles/make_mgwr_oracle.py", "mgwr": mgwr.__version__,
            "numpy": np.__version__, "scipy": scipy.__version__, "python": platform.python_version(),
        },
        "data": {k: {"x": number(v[0][:, 0]), "y": number(v[0][:, 1]), "response": number(v[2]),
                     "predictors": number(v[1].T), "ols": ols(v[1], v[2])} for k, v in sets.items()},
        "cases": cases,
        "student_t": [{"dof": d, "probability": q, "critical": float(st.t.isf(q / 2, d))}
                      for d in dof for q in (0.5, 0.05, 1e-3, 1e-9)],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "RegressionTests", "Fixtures")
    os.makedirs(path, exist_ok=True)
    text = json.dumps(doc, allow_nan=False, separators=(",", ":"))
    with open(os.path.join(path, "mgwr_oracle.json"), "w") as f:
        f.write(text + "\n")


main()
