"""National hospital episodes beside the case series: who was treated, and who of them is missing.

Files are read by declared layouts, identification rules choose the episodes of each service, episodes become expected cases, and
these are linked to the case series. What reads every row is written once on Ibis and runs on DuckDB or on Spark; what is left
after identification is small and is linked here. This package imports nothing of Plenary and nothing of Django.
"""
