# Detections/ is turned into one generated source file.
